package import HTTPSupport

/// One account: its password, whether it manages the server, its roles everywhere.
package struct PersonPage: PanelsPage {
    /// The account.
    package var row: PeoplePage.Row
    /// Its roles by workspace, `*` for every one.
    package var roles: [(workspace: String, role: Role)]
    /// The workspaces that a role can be given in.
    package var workspaces: [String]
    /// What went wrong or was done.
    package var notices: [Notice]

    /// Makes the page.
    package init(
        row: PeoplePage.Row,
        roles: [(workspace: String, role: Role)] = [],
        workspaces: [String] = [],
        notices: [Notice] = []
    ) {
        self.row = row
        self.roles = roles
        self.workspaces = workspaces
        self.notices = notices
    }

    package var head: PageHead {
        PageHead(
            row.name,
            section: .access,
            crumbs: [("Access", "/access")],
            badges: [row.isDisabled ? .badge(.bad, "locked out") : .badge(.good, "active")],
            lede: [
                .text(row.isService ? "program" : "person"),
                row.isServerAdministrator ? .text("server administrator") : Markup(),
            ]
        )
    }

    package var panels: [Panel] {
        var panels = [rolePanel]
        if !row.isService {
            panels.append(
                Panel(
                    "Password",
                    note: row.hasPassword ? "has one" : "has none",
                    form: FormView(
                        "/access/password",
                        fields: [
                            .init(
                                "password",
                                "New password",
                                .password,
                                autocomplete: "new-password",
                                note: "all sessions of \(row.name) end"
                            )
                        ],
                        button: "Set password",
                        permission: .server,
                        hidden: [("name", row.name)]
                    ).markup()
                )
            )
        }
        let raise =
            row.isServerAdministrator
            ? ActionButton(
                "Take server administration away",
                path: "/access/administrator",
                permission: .server,
                values: [("name", row.name), ("administrator", "no")],
                isPlain: true
            )
            : ActionButton(
                "Make server administrator",
                path: "/access/administrator",
                question: "\(row.name) will be able to do everything in every workspace. Go on?",
                permission: .server,
                values: [("name", row.name), ("administrator", "yes")],
                isPlain: true
            )
        panels.append(Panel("Server", form: raise.markup()))
        return panels
    }

    private var rolePanel: Panel {
        let table = TableView(
            columns: [.init("Workspace"), .init("Role"), .init("", numeric: true)],
            rows: roles.map { entry in
                [
                    .text(entry.workspace == "*" ? "every workspace" : entry.workspace), .text(entry.role.rawValue),
                    ActionButton(
                        "Take away",
                        path: "/access/role",
                        permission: .server,
                        values: [("name", row.name), ("workspace", entry.workspace), ("role", "")],
                        isPlain: true
                    ).markup(),
                ]
            }
        )
        let form = FormView(
            "/access/role",
            fields: [
                .init(
                    "workspace",
                    "Workspace",
                    .choice([("*", "every workspace")] + workspaces.map { ($0, $0) }),
                    values: [workspaces.first ?? "*"]
                ),
                .init("role", "Role", .choice(AccessTabs.roles()), values: ["viewer"]),
            ],
            button: "Give role",
            style: .plain,
            permission: .server,
            hidden: [("name", row.name), ("back", "account")]
        )
        return Panel(
            "Roles",
            content: table.markup(orEmpty: EmptyState("No role in any workspace.")),
            form: form.markup()
        )
    }
}
