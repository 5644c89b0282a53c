/// One line of the ledger.
package struct PredictionRow: Sendable {
    /// The request's id.
    package var id: String
    /// When it was answered.
    package var time: TimeText
    /// The version that answered.
    package var version: String
    /// What it answered.
    package var output: String
    /// The model's number behind the answer: the probability of the second class, or the value; nil without one.
    package var score: Double?
    /// The label that came later; empty while it has not.
    package var label: String
    /// Whether the label agrees with the answer; nil without a label.
    package var correct: Bool?
    /// How long it took, in seconds.
    package var latency: Double?
    /// Whether the monitor reported drift at that time.
    package var drifted: Bool

    /// Makes a line.
    package init(
        id: String,
        time: TimeText,
        version: String,
        output: String,
        score: Double? = nil,
        label: String = "",
        correct: Bool? = nil,
        latency: Double? = nil,
        drifted: Bool = false
    ) {
        self.id = id
        self.time = time
        self.version = version
        self.output = output
        self.score = score
        self.label = label
        self.correct = correct
        self.latency = latency
        self.drifted = drifted
    }

    /// The lines as a table; with `deployment`, each leads to its page.
    package static func table(_ rows: [PredictionRow], deployment: String = "") -> TableView {
        TableView(
            columns: [
                .init("Request"), .init("When"), .init("Version"), .init("Answer"),
                .init("Score", numeric: true), .init("Label"),
                .init("Drift"), .init("Latency", numeric: true),
            ],
            rows: rows.map { row in
                [
                    row.idCell(deployment), .time(row.time), .text(row.version), .text(row.output),
                    row.score.map { .quiet(NumberText.fixed($0, 4)) } ?? .missing,
                    row.labelCell, row.drifted ? .toned("drift", .warn) : .missing,
                    row.latency.map { .text(NumberText.latency(seconds: $0)) } ?? .missing,
                ]
            }
        )
    }

    private var labelCell: Markup {
        guard !label.isEmpty else { return .quiet("not yet") }
        guard let correct else { return .text(label) }
        return .toned("\(label) \(correct ? "✓" : "✗")", correct ? .good : .bad)
    }

    /// The end of the id, because ids of one moment begin alike; the title has all of it.
    private func idCell(_ deployment: String) -> Markup {
        let (whole, end) = (Markup.escaped(id), Markup.escaped(String(id.suffix(8))))
        let code = "<code title=\"\(whole)\">\(end)</code>"
        guard !deployment.isEmpty else { return Markup(trusted: code) }
        let href = Markup.escaped(ConsolePath.of("ledger", deployment, id))
        return Markup(trusted: "<a class=\"primary\" href=\"\(href)\">\(code)</a>")
    }
}
