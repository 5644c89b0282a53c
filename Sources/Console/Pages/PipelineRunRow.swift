/// A run of a pipeline as lists show it.
package struct PipelineRunRow: Sendable {
    /// The run's id.
    package var id: String
    /// Its pipeline.
    package var pipeline: String
    /// Its state's colour.
    package var tone: Tone
    /// Its state in words.
    package var state: String
    /// Tasks that ended well or were skipped.
    package var done: Int
    /// All its tasks.
    package var total: Int
    /// What started it, in words.
    package var cause: String
    /// When it was started.
    package var started: TimeText
    /// How long it took, or has taken so far.
    package var took: String

    /// Makes a row.
    package init(
        id: String,
        pipeline: String,
        tone: Tone,
        state: String,
        done: Int,
        total: Int,
        cause: String = "",
        started: TimeText,
        took: String
    ) {
        self.id = id
        self.pipeline = pipeline
        self.tone = tone
        self.state = state
        self.done = done
        self.total = total
        self.cause = cause
        self.started = started
        self.took = took
    }

    /// Where the run's page is.
    package var href: String { ConsolePath.of("pipeline-runs", id) }

    /// Done tasks of all tasks, drawn and in figures.
    package var progress: Markup {
        guard total > 0 else { return .missing }
        let share = Double(done) / Double(total)
        let meter = Meter(
            share,
            tone: tone == .bad ? .bad : (tone == .good ? .good : nil),
            label: "\(done) of \(total) tasks"
        )
        return .joined([meter.markup(), .quiet("\(done)/\(total)")])
    }

    /// The runs as a table; `named` shows which pipeline each belongs to.
    package static func table(_ rows: [PipelineRunRow], named: Bool) -> TableView {
        var columns: [TableView.Column] = [.init(named ? "Pipeline" : "Run"), .init("State"), .init("Tasks")]
        columns += [.init("Started by"), .init("Started", numeric: true), .init("Took", numeric: true)]
        return TableView(
            columns: columns,
            rows: rows.map { row in
                [
                    .rowLink(named ? row.pipeline : String(row.id.prefix(8)), row.href),
                    .badge(row.tone, row.state),
                    row.progress,
                    row.cause.isEmpty ? .missing : .quiet(row.cause),
                    .time(row.started),
                    .text(row.took),
                ]
            }
        )
    }
}
