import HTTPSupport

/// What a changed declaration does, before it is applied.
package struct DeclareReviewPage: PanelsPage {
    /// The deployment.
    package var deployment: String
    /// Whether it is new.
    package var isNew: Bool
    /// What differs.
    package var lines: [FieldDiff.Line]
    /// What follows, such as a rollout that starts.
    package var notes: [String]
    /// The entry as it will be declared, as JSON.
    package var entry: String
    /// Names the declaration that was compared with.
    package var base: String

    /// Makes the page.
    package init(
        deployment: String,
        isNew: Bool = false,
        lines: [FieldDiff.Line],
        notes: [String] = [],
        entry: String,
        base: String
    ) {
        self.deployment = deployment
        self.isNew = isNew
        self.lines = lines
        self.notes = notes
        self.entry = entry
        self.base = base
    }

    package var head: PageHead {
        let title = isNew ? "Declare \(deployment)?" : "Change \(deployment)?"
        return PageHead(title, section: .deployments, crumbs: [("Deployments", "/deployments")])
    }

    package var notices: [Notice] { notes.map { Notice(.info, $0) } }

    package var panels: [Panel] {
        var entryText = Markup()
        entryText.raw("<pre class=\"value-block\">")
        entryText.text(entry)
        entryText.raw("</pre>")
        return [
            Panel(
                "What changes",
                count: lines.isEmpty ? "" : NumberText.count(lines.count),
                content: FieldDiff(lines).markup(orEmpty: EmptyState("Nothing changes: it is declared like this.")),
                form: lines.isEmpty && !isNew ? Markup() : buttons
            ), Panel("The entry", note: "what PUT /api/martlet/v1/deployments/\(deployment) takes", content: entryText),
        ]
    }

    private var buttons: Markup {
        let apply = ActionButton(
            "Apply",
            path: "/declare/apply",
            style: .primary,
            values: [("name", deployment), ("entry", entry), ("base", base)],
            isPlain: true
        )
        let back = isNew ? "/deployments" : DeploymentTabs.declaration(deployment)
        var html = Markup(trusted: "<div class=\"choices\">")
        html.append(apply.markup())
        html.append(Markup(trusted: "<a class=\"button\" href=\"\(Markup.escaped(back))\">Do not</a></div>"))
        return html
    }
}
