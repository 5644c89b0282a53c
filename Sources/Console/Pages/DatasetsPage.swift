/// All datasets.
package struct DatasetsPage: ConsolePage {
    package static let template = "list"

    /// A dataset as the list shows it.
    package struct Row: Sendable {
        /// Its name.
        package var name: String
        /// Where its rows come from, in words.
        package var source: String
        /// Rows ingested as they came.
        package var rawRows: Int
        /// Rows that passed the checks; nil before they ran.
        package var cleanRows: Int?
        /// The last verdict of the checks: colour and words; nil before they ran.
        package var checks: (tone: Tone, text: String)?
        /// The hash of its present content; empty before it was ingested.
        package var version: String
        /// When it last changed.
        package var updated: TimeText?

        /// Makes a row.
        package init(
            name: String,
            source: String,
            rawRows: Int = 0,
            cleanRows: Int? = nil,
            checks: (tone: Tone, text: String)? = nil,
            version: String = "",
            updated: TimeText? = nil
        ) {
            self.name = name
            self.source = source
            self.rawRows = rawRows
            self.cleanRows = cleanRows
            self.checks = checks
            self.version = version
            self.updated = updated
        }
    }

    /// The datasets.
    package var rows: [Row]

    /// Makes the page.
    package init(rows: [Row]) {
        self.rows = rows
    }

    package var head: PageHead {
        PageHead("Data", section: .data, refresh: 3)
    }

    package var context: [String: Any] {
        let table = TableView(
            columns: [
                .init("Dataset"), .init("Checks"), .init("Raw rows", numeric: true), .init("Clean rows", numeric: true),
                .init("Version"), .init("Updated", numeric: true),
            ],
            rows: rows.map { row in
                [
                    .rowLink(row.name, ConsolePath.of("data", row.name), sub: row.source),
                    row.checks.map { .badge($0.tone, $0.text) } ?? .quiet("not checked"),
                    .text(NumberText.count(row.rawRows)), row.cleanRows.map { .text(NumberText.count($0)) } ?? .missing,
                    row.version.isEmpty ? .missing : .code(String(row.version.prefix(12))), .time(row.updated),
                ]
            }
        )
        return ["list": table.markup(orEmpty: .datasets)]
    }
}
