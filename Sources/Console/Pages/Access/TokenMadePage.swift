/// A new token, shown this once.
package struct TokenMadePage: PanelsPage {
    /// What its owner calls it.
    package var name: String
    /// Whose it is.
    package var owner: String
    /// The secret.
    package var secret: String
    /// Where to go on.
    package var back: String

    /// Makes the page.
    package init(name: String, owner: String, secret: String, back: String) {
        self.name = name
        self.owner = owner
        self.secret = secret
        self.back = back
    }

    package var head: PageHead {
        PageHead(
            name,
            section: back == "/account" ? nil : .access,
            crumbs: [("Tokens", back)],
            lede: [.text("token of \(owner)")]
        )
    }

    package var notices: [Notice] {
        [Notice(.warn, "Copy the token now: it is not shown again, and nobody can look it up.", link: ("Done", back))]
    }

    package var panels: [Panel] {
        let body = FactList([
            ("Token", Self.copied(secret)), ("MLflow", Self.copied("export MLFLOW_TRACKING_TOKEN=\(secret)")),
            ("Command line", Self.copied("export MARTLET_TOKEN=\(secret)")),
            ("curl", Self.copied("curl -H 'Authorization: Bearer \(secret)' …")),
        ])
        return [Panel("The token", form: body.markup())]
    }

    private static func copied(_ text: String) -> Markup {
        let text = Markup.escaped(text)
        return Markup(
            trusted: "<span class=\"command\"><code>\(text)</code>"
                + "<button class=\"copy\" type=\"button\" data-copy=\"\(text)\">Copy</button></span>"
        )
    }
}
