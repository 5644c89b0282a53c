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

        /// Makes a trigger.
        package init(
            name: String,
            when: Markup,
            pipeline: String,
            target: String,
            gate: String,
            cooldown: String
        ) {
            self.name = name
            self.when = when
            self.pipeline = pipeline
            self.target = target
            self.gate = gate
            self.cooldown = cooldown
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
                .init("Trigger"), .init("When"), .init("Pipeline"), .init("Result goes to"), .init("Gate"),
                .init("Rests", numeric: true),
            ],
            rows: triggers.map { trigger in
                [
                    .text(trigger.name), trigger.when,
                    .link(trigger.pipeline, ConsolePath.of("pipelines", trigger.pipeline)), .text(trigger.target),
                    trigger.gate.isEmpty ? .missing : .text(trigger.gate), .quiet(trigger.cooldown),
                ]
            }
        )
    }
}
