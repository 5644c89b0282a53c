package import HTTPSupport

/// Everybody who may call: people and programs, with their role in the workspace that is shown.
package struct PeoplePage: PanelsPage {
    /// An account as the list shows it.
    package struct Row: Sendable {
        /// Its name.
        package var name: String
        /// Whether it is a program.
        package var isService: Bool
        /// Whether it manages the server.
        package var isServerAdministrator: Bool
        /// Whether it is locked out.
        package var isDisabled: Bool
        /// Its own role in this workspace.
        package var role: Role?
        /// Its role in every workspace.
        package var everywhere: Role?
        /// Whether it has a password.
        package var hasPassword: Bool
        /// When it last logged in.
        package var lastLogin: TimeText?

        /// Makes a row.
        package init(
            name: String,
            isService: Bool = false,
            isServerAdministrator: Bool = false,
            isDisabled: Bool = false,
            role: Role? = nil,
            everywhere: Role? = nil,
            hasPassword: Bool = false,
            lastLogin: TimeText? = nil
        ) {
            self.name = name
            self.isService = isService
            self.isServerAdministrator = isServerAdministrator
            self.isDisabled = isDisabled
            self.role = role
            self.everywhere = everywhere
            self.hasPassword = hasPassword
            self.lastLogin = lastLogin
        }
    }

    /// The accounts.
    package var rows: [Row]
    /// The workspace that is shown.
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
        PageHead("Access", section: .access, lede: [.text("workspace \(workspace)")])
    }

    package var tabs: Markup { AccessTabs.bar("/access") }

    package var panels: [Panel] {
        let people = rows.filter { !$0.isService }
        let programs = rows.filter(\.isService)
        let none = EmptyState("Nobody has a role here yet.")
        guard Viewer.current.permissions.contains(.server) else {
            return [
                Panel(
                    "People and programs",
                    count: NumberText.count(rows.count),
                    note: "accounts are made by administrators of the server",
                    content: table(rows).markup(orEmpty: none),
                    form: Self.newMember
                )
            ]
        }
        return [
            Panel(
                "People",
                count: NumberText.count(people.count),
                content: table(people).markup(orEmpty: none),
                form: Self.newPerson(workspace)
            ),
            Panel(
                "Programs",
                count: NumberText.count(programs.count),
                note: "service accounts: tokens, no password",
                content: table(programs).markup(orEmpty: EmptyState("No program has an account here yet.")),
                form: Self.newProgram(workspace)
            ),
        ]
    }

    private func table(_ rows: [Row]) -> TableView {
        TableView(
            columns: [
                .init("Name"), .init("State"), .init("Role in \(workspace)"), .init("Last login", numeric: true),
                .init("", numeric: true),
            ],
            rows: rows.map { row in
                [name(row), state(row), role(row), row.isService ? .missing : .time(row.lastLogin), actions(row)]
            }
        )
    }

    private func name(_ row: Row) -> Markup {
        Markup(trusted: "<span class=\"strong clip\">\(Markup.escaped(row.name))</span>")
    }

    private func state(_ row: Row) -> Markup {
        var badges: [Markup] = [row.isDisabled ? .badge(.bad, "locked out") : .badge(.good, "active")]
        if row.isServerAdministrator { badges.append(.tag("server administrator", alias: true)) }
        if !row.isService, !row.hasPassword { badges.append(.quiet("no password")) }
        return .joined(badges)
    }

    private func role(_ row: Row) -> Markup {
        let form = FormView(
            "/access/role",
            fields: [
                .init(
                    "role",
                    "Role of \(row.name)",
                    .choice(AccessTabs.roles(none: "none")),
                    values: [row.role?.rawValue ?? ""]
                )
            ],
            button: "Set",
            style: .plain,
            permission: .admin,
            isInline: true,
            hidden: [("name", row.name)]
        )
        let everywhere = row.everywhere.map { Markup.quiet("\($0.rawValue) everywhere") } ?? Markup()
        return .joined([form.markup(), everywhere])
    }

    private func actions(_ row: Row) -> Markup {
        func button(
            _ title: String,
            _ path: String,
            _ style: ActionButton.Style = .plain,
            question: String? = nil,
            _ value: (String, String)? = nil
        ) -> Markup {
            ActionButton(
                title,
                path: "/access/" + path,
                style: style,
                question: question,
                permission: .server,
                values: [("name", row.name)] + (value.map { [$0] } ?? []),
                isPlain: true
            ).markup()
        }
        guard Viewer.current.permissions.contains(.server) else { return Markup() }
        var buttons = [Markup.link("Change…", ConsolePath.of("access", "accounts", row.name))]
        buttons.append(
            row.isDisabled
                ? button("Let in", "lock", .plain, ("disabled", "no"))
                : button(
                    "Lock out",
                    "lock",
                    .plain,
                    question: "Lock out \(row.name)? Their sessions end at once.",
                    ("disabled", "yes")
                )
        )
        let question = "Delete \(row.name) with all tokens, roles and rights? What they made stays."
        buttons.append(button("Delete", "delete", .danger, question: question))
        return Markup(trusted: "<span class=\"cell-actions\">\(buttons.map(\.html).joined())</span>")
    }

    private static var newMember: Markup {
        FormView(
            "/access/role",
            fields: [
                .init("name", "Name of the account", example: "anna"),
                .init("role", "Role", .choice(AccessTabs.roles()), values: ["viewer"]),
            ],
            button: "Give role",
            permission: .admin
        ).markup()
    }

    private static func newPerson(_ workspace: String) -> Markup {
        FormView(
            "/access/people",
            fields: [
                .init("name", "Name", example: "anna"),
                .init(
                    "password",
                    "Password",
                    .password,
                    autocomplete: "new-password",
                    isOptional: true,
                    note: "may stay empty for people who log in through the identity provider"
                ),
                .init("role", "Role in \(workspace)", .choice(AccessTabs.roles(none: "none")), values: ["viewer"]),
            ],
            button: "Add person",
            permission: .server
        ).markup()
    }

    private static func newProgram(_ workspace: String) -> Markup {
        FormView(
            "/access/programs",
            fields: [
                .init("name", "Name", example: "training-ci"),
                .init("role", "Role in \(workspace)", .choice(AccessTabs.roles(none: "none")), values: ["editor"]),
            ],
            button: "Add program",
            permission: .server
        ).markup()
    }
}
