import HTTPSupport

/// The log-in: name and password, a token, or the identity provider.
package struct LoginPage: ConsolePage {
    package static let template = "login"

    /// The page to see afterwards.
    package var next: String
    /// What went wrong with the last try; empty before one.
    package var problem: String
    /// The name that was typed.
    package var name: String
    /// The identity providers: what the button of each says, and where it leads.
    package var providers: [(label: String, href: String)]
    /// Whether nobody has a password yet: the server has printed a token for the first log-in.
    package var isFirst: Bool

    /// Makes the page.
    package init(
        next: String = "/",
        problem: String = "",
        name: String = "",
        providers: [(label: String, href: String)] = [],
        isFirst: Bool = false
    ) {
        self.next = next
        self.problem = problem
        self.name = name
        self.providers = providers
        self.isFirst = isFirst
    }

    package var head: PageHead {
        PageHead("Log in", section: nil, isAlone: true)
    }

    package var context: [String: Any] {
        let password = FormView(
            "/login",
            fields: [
                .init("name", "Name", values: [name], autocomplete: "username"),
                .init("password", "Password", .password, autocomplete: "current-password"),
            ],
            button: "Log in",
            permission: .open,
            hidden: [("next", next)]
        )
        let token = FormView(
            "/login",
            fields: [
                .init(
                    "token",
                    "Token",
                    .password,
                    example: "mlt_…",
                    note: "The session may do what the token may, and ends with it."
                )
            ],
            button: "Log in with the token",
            style: .plain,
            permission: .open,
            hidden: [("next", next)]
        )
        var context: [String: Any] = [
            "problem": problem.isEmpty ? Markup() : Notice.list([Notice(.bad, problem)]),
            "password": password.markup(), "token": token.markup(), "isFirst": isFirst,
        ]
        if !providers.isEmpty { context["providers"] = Markup.joined(providers.map(link), separator: "") }
        return context
    }

    private func link(_ provider: (label: String, href: String)) -> Markup {
        var href = provider.href
        if next != "/" { href += (href.contains("?") ? "&" : "?") + "next=" + ConsolePath.encoded(next) }
        var link = Markup()
        link.raw("<a class=\"button primary\" href=\"")
        link.text(href)
        link.raw("\">")
        link.text(provider.label)
        link.raw("</a>")
        return link
    }
}
