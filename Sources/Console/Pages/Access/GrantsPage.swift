package import HTTPSupport

/// Rights to single things in the workspace that is shown, beyond what a role gives.
package struct GrantsPage: PanelsPage {
    /// A right as the list shows it.
    package struct Row: Sendable {
        /// Its id.
        package var id: String
        /// Who has it.
        package var account: String
        /// What it is about.
        package var kind: ResourceKind
        /// The experiment's id or the name.
        package var resource: String
        /// What may be done with it.
        package var permissions: PermissionSet

        /// Makes a row.
        package init(id: String, account: String, kind: ResourceKind, resource: String, permissions: PermissionSet) {
            self.id = id
            self.account = account
            self.kind = kind
            self.resource = resource
            self.permissions = permissions
        }
    }

    /// The rights.
    package var rows: [Row]
    /// Who can be given one.
    package var accounts: [String]
    /// The workspace.
    package var workspace: String
    /// What went wrong or was done.
    package var notices: [Notice]

    /// Makes the page.
    package init(rows: [Row], accounts: [String] = [], workspace: String, notices: [Notice] = []) {
        self.rows = rows
        self.accounts = accounts
        self.workspace = workspace
        self.notices = notices
    }

    package var head: PageHead {
        PageHead("Access", section: .access, lede: [.text("workspace \(workspace)")])
    }

    package var tabs: Markup { AccessTabs.bar("/access/grants") }

    package var panels: [Panel] {
        [
            Panel("Roles", note: "each may do what those before it may", content: Self.roles),
            Panel(
                "Rights to single things",
                count: NumberText.count(rows.count),
                content: table.markup(
                    orEmpty: EmptyState("Nobody has a right beyond their role in this workspace.")
                ),
                form: accounts.isEmpty ? Markup() : form
            ),
        ]
    }

    private var table: TableView {
        TableView(
            columns: [
                .init("Who"), .init("Kind"), .init("Thing"), .init("May"), .init("", numeric: true),
            ],
            rows: rows.map { row in
                [
                    .text(row.account), .text(Self.words(row.kind)), .code(row.resource),
                    .tags(row.permissions.permissions.map { .tag($0.rawValue) }),
                    ActionButton(
                        "Take away",
                        path: "/access/grants/delete",
                        permission: .admin,
                        values: [("id", row.id)],
                        isPlain: true
                    ).markup(),
                ]
            }
        )
    }

    private var form: Markup {
        FormView(
            "/access/grants",
            fields: [
                .init("account", "Who", .choice(accounts.map { ($0, $0) })),
                .init("kind", "Kind", .choice(ResourceKind.allCases.map { ($0.rawValue, Self.words($0)) })),
                .init(
                    "resource",
                    "Thing",
                    example: "churn-*",
                    note: "the id of an experiment, else the name; an asterisk at the end stands for any rest"
                ),
                .init(
                    "permissions",
                    "May",
                    .boxes(AccessTabs.boxes([.read, .predict, .write, .operate])),
                    values: ["read"]
                ),
            ],
            button: "Give right",
            permission: .admin
        ).markup()
    }

    /// What each role may do.
    private static var roles: Markup {
        let columns: [(Permission, String)] = [
            (.read, "see"), (.predict, "predict"), (.write, "log and register"), (.operate, "deploy and run"),
            (.admin, "manage"),
        ]
        return TableView(
            columns: [.init("Role")] + columns.map { .init($0.1) },
            rows: Role.allCases.map { role in
                [.text(role.rawValue)]
                    + columns.map { role.permissions.contains($0.0) ? Markup.toned("yes", .good) : .missing }
            }
        ).markup()
    }

    private static func words(_ kind: ResourceKind) -> String {
        kind == .registeredModel ? "registered model" : kind.rawValue
    }
}
