package import HTTPSupport

/// One's own account: password, sessions, tokens.
package struct AccountPage: PanelsPage {
    /// A session as the list shows it.
    package struct Visit: Sendable {
        /// Its id.
        package var id: String
        /// The browser, as it calls itself.
        package var agent: String
        /// When it began.
        package var began: TimeText
        /// When it was last used.
        package var seen: TimeText
        /// Whether it is the one that looks at the page.
        package var isThis: Bool

        /// Makes a row.
        package init(id: String, agent: String, began: TimeText, seen: TimeText, isThis: Bool) {
            self.id = id
            self.agent = agent
            self.began = began
            self.seen = seen
            self.isThis = isThis
        }
    }

    /// The name.
    package var name: String
    /// The roles by workspace.
    package var roles: [(workspace: String, role: Role)]
    /// Whether it manages the server.
    package var isServerAdministrator: Bool
    /// Whether there is a password that can be changed.
    package var hasPassword: Bool
    /// The sessions.
    package var visits: [Visit]
    /// The tokens.
    package var tokens: [TokensPage.Row]
    /// The workspaces that a token can be bound to.
    package var workspaces: [String]
    /// What went wrong or was done.
    package var notices: [Notice]

    /// Makes the page.
    package init(
        name: String,
        roles: [(workspace: String, role: Role)] = [],
        isServerAdministrator: Bool = false,
        hasPassword: Bool = false,
        visits: [Visit] = [],
        tokens: [TokensPage.Row] = [],
        workspaces: [String] = [],
        notices: [Notice] = []
    ) {
        self.name = name
        self.roles = roles
        self.isServerAdministrator = isServerAdministrator
        self.hasPassword = hasPassword
        self.visits = visits
        self.tokens = tokens
        self.workspaces = workspaces
        self.notices = notices
    }

    package var head: PageHead {
        let places = roles.map { entry in
            Markup.text("\(entry.role.rawValue) in \(entry.workspace == "*" ? "every workspace" : entry.workspace)")
        }
        return PageHead(
            name,
            section: nil,
            lede: [isServerAdministrator ? .text("server administrator") : Markup()] + places
        )
    }

    package var panels: [Panel] {
        var panels: [Panel] = []
        if hasPassword { panels.append(Panel("Password", note: "your other sessions end", form: password)) }
        panels.append(
            Panel(
                "Sessions",
                count: NumberText.count(visits.count),
                content: sessions.markup(orEmpty: EmptyState("You are not here by a session of the console.")),
                form: visits.isEmpty
                    ? Markup()
                    : ActionButton(
                        "Log out everywhere",
                        path: "/account/sessions/end-all",
                        style: .danger,
                        question: "End all your sessions, this one too?",
                        permission: .account,
                        isPlain: true
                    ).markup()
            )
        )
        panels.append(
            Panel(
                "Your tokens",
                count: NumberText.count(tokens.count),
                note: "for programs that act in your name",
                content: TokensPage.table(tokens, isOwn: true).markup(orEmpty: EmptyState("No tokens yet.")),
                form: TokensPage.form(owners: [], workspaces: workspaces, isOwn: true)
            )
        )
        return panels
    }

    private var password: Markup {
        FormView(
            "/account/password",
            fields: [
                .init("current", "Present password", .password, autocomplete: "current-password"),
                .init("password", "New password", .password, autocomplete: "new-password"),
                .init("again", "New password again", .password, autocomplete: "new-password"),
            ],
            button: "Change password",
            permission: .account
        ).markup()
    }

    private var sessions: TableView {
        TableView(
            columns: [
                .init("Browser"), .init("Began", numeric: true), .init("Last used", numeric: true),
                .init("", numeric: true),
            ],
            rows: visits.map { visit in
                var browser = Markup()
                browser.raw("<span class=\"clip wide\" title=\"")
                browser.text(visit.agent)
                browser.raw("\">")
                browser.text(visit.agent.isEmpty ? "unknown" : visit.agent)
                browser.raw("</span>")
                let end = ActionButton(
                    "End",
                    path: "/account/sessions/end",
                    permission: .account,
                    values: [("id", visit.id)],
                    isPlain: true
                )
                return [
                    browser, .time(visit.began), .time(visit.seen),
                    visit.isThis ? .badge(.live, "this one") : end.markup(),
                ]
            }
        )
    }
}
