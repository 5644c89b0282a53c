/// All pipelines and their newest runs.
package struct PipelinesPage: ConsolePage {
    package static let template = "pipelines"

    /// A pipeline as the list shows it.
    package struct Row: Sendable {
        /// Its name.
        package var name: String
        /// How many tasks it has.
        package var tasks: Int
        /// Its newest run; nil when it never ran.
        package var last: PipelineRunRow?
        /// The states of its newest runs, oldest first.
        package var recent: [Tone]

        /// Makes a row.
        package init(name: String, tasks: Int, last: PipelineRunRow? = nil, recent: [Tone] = []) {
            self.name = name
            self.tasks = tasks
            self.last = last
            self.recent = recent
        }
    }

    /// The pipelines.
    package var rows: [Row]
    /// The newest runs of all pipelines.
    package var runs: [PipelineRunRow]

    /// Makes the page.
    package init(rows: [Row], runs: [PipelineRunRow] = []) {
        self.rows = rows
        self.runs = runs
    }

    package var head: PageHead {
        PageHead("Pipelines", section: .pipelines, refresh: 2)
    }

    package var context: [String: Any] {
        let table = TableView(
            columns: [
                .init("Pipeline"), .init("Tasks", numeric: true), .init("Last runs"), .init("Last state"),
                .init("Started", numeric: true), .init("Took", numeric: true),
            ],
            rows: rows.map { row in
                [
                    .rowLink(row.name, ConsolePath.of("pipelines", row.name)), .text(NumberText.count(row.tasks)),
                    StateStrip(row.recent).markup(), row.last.map { .badge($0.tone, $0.state) } ?? .quiet("never ran"),
                    .time(row.last?.started), row.last.map { .text($0.took) } ?? .missing,
                ]
            }
        )
        return [
            "pipelines": table.markup(orEmpty: .pipelines),
            "runs": PipelineRunRow.table(runs, named: true).markup(orEmpty: .pipelineRuns),
        ]
    }
}
