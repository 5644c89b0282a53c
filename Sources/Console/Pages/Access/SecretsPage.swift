import HTTPSupport

/// The names of secrets; their values can be set and never read.
package struct SecretsPage: PanelsPage {
    /// A secret as the list shows it.
    package struct Row: Sendable {
        /// Its name.
        package var name: String
        /// How many times it was set.
        package var version: Int
        /// When it was last set.
        package var updated: TimeText?
        /// Who set it last.
        package var by: String

        /// Makes a row.
        package init(name: String, version: Int = 1, updated: TimeText? = nil, by: String = "") {
            self.name = name
            self.version = version
            self.updated = updated
            self.by = by
        }
    }

    /// The secrets.
    package var rows: [Row]
    /// The workspace.
    package var workspace: String
    /// What went wrong or was done.
    package var notices: [Notice]

    /// Makes the page.
    package init(rows: [Row], workspace: String, notices: [Notice] = []) {
        self.rows = rows
        self.workspace = workspace
        self.notices = notices
    }

    package var head: PageHead {
        PageHead("Secrets", section: .secrets, lede: [.text("workspace \(workspace)")])
    }

    package var panels: [Panel] {
        let table = TableView(
            columns: [
                .init("Name"), .init("Version", numeric: true), .init("Set by"), .init("Set", numeric: true),
                .init("", numeric: true),
            ],
            rows: rows.map { row in
                [
                    .code(row.name), .text(NumberText.count(row.version)), row.by.isEmpty ? .missing : .text(row.by),
                    .time(row.updated),
                    ActionButton(
                        "Delete",
                        path: "/secrets/delete",
                        style: .danger,
                        question: "Delete \(row.name)? Tasks and webhooks that use it will fail.",
                        permission: .admin,
                        values: [("name", row.name)],
                        isPlain: true
                    ).markup(),
                ]
            }
        )
        let form = FormView(
            "/secrets",
            fields: [
                .init("name", "Name", example: "warehouse-password"),
                .init("value", "Value", .secret, note: "kept encrypted; it can be replaced, but not read again"),
            ],
            button: "Set secret",
            permission: .admin
        )
        return [
            Panel(
                "Secrets",
                count: NumberText.count(rows.count),
                note: "names only",
                content: table.markup(orEmpty: EmptyState("No secrets yet.", command: "martlet secret set <name>")),
                form: form.markup()
            )
        ]
    }
}
