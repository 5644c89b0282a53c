/// All loops, newest first, and the triggers that open them.
package struct LoopsPage: ConsolePage {
    package static let template = "loops"

    /// A trigger as the list shows it.
    package struct Trigger: Sendable {
        /// Its name.
        package var name: String
        /// What opens it, with links.
        package var when: Markup
        /// The pipeline it starts.
        package var pipeline: String
        /// The alias that the result gets, such as `cancer@production`.
        package var target: String
        /// The gate in words.
        package var gate: String
        /// How long it rests after a loop.
        package var cooldown: String
        /// What it waits for now, such as `rests 12 s more`.
        package var waits: String
        /// When it fires next by the clock; nil without a schedule.
        package var next: TimeText?

        /// Makes a trigger.
        package init(
            name: String,
            when: Markup,
            pipeline: String,
            target: String,
            gate: String,
            cooldown: String,
            waits: String = "",
            next: TimeText? = nil
        ) {
            self.name = name
            self.when = when
            self.pipeline = pipeline
            self.target = target
            self.gate = gate
            self.cooldown = cooldown
            self.waits = waits
            self.next = next
        }
    }

    /// The loops.
    package var rows: [LoopRow]
    /// The triggers.
    package var triggers: [Trigger]

    /// Makes the page.
    package init(rows: [LoopRow], triggers: [Trigger] = []) {
        self.rows = rows
        self.triggers = triggers
    }

    package var head: PageHead {
        PageHead(
            "Loop",
            section: .loop,
            lede: [.text("From a signal to a better model in production: retrain, gate, register, roll out.")],
            refresh: 2
        )
    }

    package var context: [String: Any] {
        var context: [String: Any] = ["loops": LoopRow.table(rows).markup(orEmpty: .loops)]
        if !triggers.isEmpty { context["triggers"] = table.markup() }
        return context
    }

    private var table: TableView {
        TableView(
            columns: [
                .init("Trigger"), .init("When", wraps: true), .init("What it makes", wraps: true),
                .init("Gate", wraps: true),
                .init("Waits for", wraps: true), .init("", numeric: true),
            ],
            rows: triggers.map { trigger in
                let fire = ActionButton(
                    "Fire",
                    path: ConsolePath.of("loop", "triggers", trigger.name, "fire"),
                    question: "Open a loop of \(trigger.name) now?"
                )
                let makes = Markup.joined([
                    .link(trigger.pipeline, ConsolePath.of("pipelines", trigger.pipeline)),
                    .text("→ \(trigger.target)"),
                ])
                return [
                    name(trigger), trigger.when, makes, trigger.gate.isEmpty ? .missing : .text(trigger.gate),
                    waits(trigger), fire.markup(),
                ]
            }
        )
    }

    private func name(_ trigger: Trigger) -> Markup {
        var html = Markup.text(trigger.name)
        guard !trigger.cooldown.isEmpty else { return html }
        html.raw("<span class=\"sub\">")
        html.text("rests \(trigger.cooldown) after a loop")
        html.raw("</span>")
        return html
    }

    private func waits(_ trigger: Trigger) -> Markup {
        var pieces: [Markup] = []
        if !trigger.waits.isEmpty { pieces.append(.text(trigger.waits)) }
        if let next = trigger.next { pieces.append(.joined([.quiet("by the clock"), .time(next)])) }
        return pieces.isEmpty ? .missing : .joined(pieces, separator: " · ")
    }
}
