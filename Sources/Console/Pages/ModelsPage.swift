/// All registered models.
package struct ModelsPage: ConsolePage {
    package static let template = "list"

    /// A model as the list shows it.
    package struct Row: Sendable {
        /// Its name.
        package var name: String
        /// Its description; may be empty.
        package var description: String
        /// Its newest version; nil without versions.
        package var latest: Int?
        /// Its aliases and the versions they name.
        package var aliases: [(alias: String, version: Int)]
        /// Deployments that follow it.
        package var servedBy: [String]
        /// When it last changed.
        package var updated: TimeText?

        /// Makes a row.
        package init(
            name: String,
            description: String = "",
            latest: Int? = nil,
            aliases: [(alias: String, version: Int)] = [],
            servedBy: [String] = [],
            updated: TimeText? = nil
        ) {
            self.name = name
            self.description = description
            self.latest = latest
            self.aliases = aliases
            self.servedBy = servedBy
            self.updated = updated
        }
    }

    /// The models.
    package var rows: [Row]

    /// Makes the page.
    package init(rows: [Row]) {
        self.rows = rows
    }

    package var head: PageHead {
        PageHead("Models", section: .models, refresh: 5)
    }

    package var context: [String: Any] {
        let table = TableView(
            columns: [
                .init("Model"), .init("Aliases"), .init("Latest", numeric: true), .init("Serves in"),
                .init("Updated", numeric: true),
            ],
            rows: rows.map { row in
                let aliases = row.aliases.map { alias, version in
                    let href = ConsolePath.of("models", row.name, String(version))
                    return Markup.tag("\(alias) → \(version)", href: href, alias: true)
                }
                return [
                    .rowLink(
                        row.name,
                        ConsolePath.of("models", row.name),
                        sub: row.description.isEmpty ? nil : row.description
                    ),
                    aliases.isEmpty ? .missing : .tags(aliases),
                    row.latest.map { .text("version \($0)") } ?? .missing,
                    row.servedBy.isEmpty
                        ? .missing
                        : .joined(row.servedBy.map { .link($0, ConsolePath.of("deployments", $0)) }, separator: ", "),
                    .time(row.updated),
                ]
            }
        )
        return ["list": table.markup(orEmpty: .models)]
    }
}
