/// All experiments.
package struct ExperimentsPage: ConsolePage {
    package static let template = "list"

    /// An experiment as the list shows it.
    package struct Row: Sendable {
        /// Its id.
        package var id: String
        /// Its name.
        package var name: String
        /// How many runs it has; nil when not counted.
        package var runs: Int?
        /// When something was last logged.
        package var updated: TimeText?
        /// When it was created.
        package var created: TimeText?

        /// Makes a row.
        package init(id: String, name: String, runs: Int? = nil, updated: TimeText? = nil, created: TimeText? = nil) {
            self.id = id
            self.name = name
            self.runs = runs
            self.updated = updated
            self.created = created
        }
    }

    /// The experiments.
    package var rows: [Row]

    /// Makes the page.
    package init(rows: [Row]) {
        self.rows = rows
    }

    package var head: PageHead {
        PageHead("Experiments", section: .experiments, refresh: 5)
    }

    package var context: [String: Any] {
        let table = TableView(
            columns: [
                .init("Experiment"), .init("Runs", numeric: true), .init("Updated", numeric: true),
                .init("Created", numeric: true), .init("ID", numeric: true),
            ],
            rows: rows.map { row in
                [
                    .rowLink(row.name, ConsolePath.of("experiments", row.id)),
                    row.runs.map { .text(NumberText.count($0)) } ?? .missing, .time(row.updated), .time(row.created),
                    .code(row.id),
                ]
            }
        )
        return ["list": table.markup(orEmpty: .experiments)]
    }
}
