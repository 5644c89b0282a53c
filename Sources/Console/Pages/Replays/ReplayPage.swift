/// What a replay found.
package struct ReplayPage: PanelsPage {
    /// One part of the rows.
    package struct Segment: Sendable {
        /// By what the rows were parted, such as `prediction`.
        package var by: String
        /// The value of this part.
        package var value: String
        /// How many rows it has.
        package var rows: Int
        /// Share of equal answers, 0 to 1; nil when it is not known.
        package var agreement: Double?
        /// The candidate's figure where labels came; empty without.
        package var candidate: String
        /// The figure of what was served; empty without.
        package var logged: String

        /// Makes a part.
        package init(
            by: String,
            value: String,
            rows: Int,
            agreement: Double?,
            candidate: String = "",
            logged: String = ""
        ) {
            self.by = by
            self.value = value
            self.rows = rows
            self.agreement = agreement
            self.candidate = candidate
            self.logged = logged
        }
    }

    /// A row on which the answers differ.
    package struct Disagreement: Sendable {
        /// The request's id.
        package var id: String
        /// When it was answered.
        package var time: TimeText?
        /// What was served.
        package var logged: String
        /// What the candidate says.
        package var candidate: String
        /// The label; empty without.
        package var label: String

        /// Makes a row.
        package init(id: String, time: TimeText? = nil, logged: String, candidate: String, label: String = "") {
            self.id = id
            self.time = time
            self.logged = logged
            self.candidate = candidate
            self.label = label
        }
    }

    /// The row of the list.
    package var row: ReplaysPage.Row
    /// The finding, or how far it is, in a sentence.
    package var sentence: String
    /// The figures.
    package var stats: [StatStrip.Stat]
    /// What the gate says: name, outcome's colour and word, and why.
    package var checks: [(name: String, tone: Tone, outcome: String, detail: String)]
    /// The rows in parts.
    package var segments: [Segment]
    /// Some rows on which the answers differ.
    package var disagreements: [Disagreement]
    /// What was asked for.
    package var request: [(label: String, value: Markup)]
    /// Buttons.
    package var actions: [ActionButton]

    /// Makes the page.
    package init(
        row: ReplaysPage.Row,
        sentence: String,
        stats: [StatStrip.Stat] = [],
        checks: [(name: String, tone: Tone, outcome: String, detail: String)] = [],
        segments: [Segment] = [],
        disagreements: [Disagreement] = [],
        request: [(label: String, value: Markup)] = [],
        actions: [ActionButton] = []
    ) {
        self.row = row
        self.sentence = sentence
        self.stats = stats
        self.checks = checks
        self.segments = segments
        self.disagreements = disagreements
        self.request = request
        self.actions = actions
    }

    package var head: PageHead {
        PageHead(
            row.candidate,
            section: .deployments,
            crumbs: [
                (row.deployment, DeploymentTabs.overview(row.deployment)),
                ("Replays", DeploymentTabs.replays(row.deployment)),
            ],
            badges: [.badge(row.tone, row.state)],
            lede: [.joined([.text("asked"), .time(row.asked)]), row.by.isEmpty ? Markup() : .text("by \(row.by)")],
            actions: actions,
            refresh: row.tone == .live ? 1 : nil
        )
    }

    package var top: Markup {
        var html = Markup()
        html.raw("<p class=\"verdict\">")
        html.text(sentence)
        html.raw("</p>")
        html.append(StatStrip(stats).markup())
        return html
    }

    package var panels: [Panel] {
        var panels: [Panel] = []
        if !checks.isEmpty {
            let table = TableView(
                columns: [.init("Check"), .init("Verdict"), .init("Evidence", wraps: true)],
                rows: checks.map { [.text($0.name), .badge($0.tone, $0.outcome), .quiet($0.detail)] }
            )
            panels.append(Panel("Gate", content: table.markup()))
        }
        if !segments.isEmpty { panels.append(Panel("Segments", content: segmentTable.markup())) }
        if !disagreements.isEmpty {
            let note = "a sample of \(NumberText.count(disagreements.count))"
            panels.append(Panel("Where the answers differ", note: note, content: differences.markup()))
        }
        if !request.isEmpty { panels.append(Panel("What was asked for", form: FactList(request).markup())) }
        guard panels.isEmpty else { return panels }
        return [Panel("Report", content: EmptyState("There is no report yet.").markup())]
    }

    private var segmentTable: TableView {
        TableView(
            columns: [
                .init("By"), .init("Value"), .init("Rows", numeric: true), .init("Same answer", numeric: true),
                .init("Candidate", numeric: true), .init("Served", numeric: true),
            ],
            rows: segments.map { segment in
                [
                    .quiet(segment.by), .text(segment.value), .text(NumberText.count(segment.rows)),
                    segment.agreement.map { .text(NumberText.percent($0)) } ?? .missing,
                    segment.candidate.isEmpty ? .missing : .text(segment.candidate),
                    segment.logged.isEmpty ? .missing : .text(segment.logged),
                ]
            }
        )
    }

    private var differences: TableView {
        TableView(
            columns: [
                .init("Request"), .init("Served"), .init("Candidate"), .init("Label"), .init("When", numeric: true),
            ],
            rows: disagreements.map { row in
                let href = ConsolePath.of("ledger", self.row.deployment, row.id)
                let label: Markup = row.label.isEmpty ? .quiet("not yet") : .text(row.label)
                return [
                    .link(String(row.id.suffix(12)), href), .text(row.logged), .text(row.candidate), label,
                    .time(row.time),
                ]
            }
        )
    }
}
