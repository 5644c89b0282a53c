import HTTPSupport

/// Who looks and where: the workspace with a way to another one, the name, and the way out.
struct VisitBox {
    private let viewer: Viewer

    init(_ viewer: Viewer) {
        self.viewer = viewer
    }

    /// What the layout reads.
    var context: [String: Any] {
        ["place": place, "who": who]
    }

    /// The workspace; nothing while there is only the one that every server has.
    private var place: Markup {
        let names =
            viewer.workspaces.contains(viewer.workspace) ? viewer.workspaces : viewer.workspaces + [viewer.workspace]
        guard names.count > 1 else {
            return viewer.workspace == Principal.defaultWorkspace ? Markup() : label
        }
        let form = FormView(
            "/workspace",
            fields: [
                .init(
                    "workspace",
                    "Workspace",
                    .choice(names.sorted().map { ($0, $0) }),
                    values: [viewer.workspace]
                )
            ],
            button: "Switch",
            style: .plain,
            permission: .open,
            isInline: true
        )
        return Markup(trusted: "<div class=\"visit-label\">Workspace</div>\(form.markup().html)")
    }

    private var label: Markup {
        Markup(
            trusted:
                "<div class=\"visit-label\">Workspace</div><div class=\"clip\">\(Markup.escaped(viewer.workspace))</div>"
        )
    }

    /// The name with the way to the own account; nothing where nobody logs in.
    private var who: Markup {
        guard let name = viewer.name else { return Markup() }
        var html = Markup()
        html.raw(
            "<div class=\"visit-label\">Signed in as</div><div class=\"visit-who\"><a class=\"clip strong\" href=\"/account\">"
        )
        html.text(name)
        html.raw("</a>")
        if viewer.hasSession {
            html.append(
                ActionButton("Log out", path: "/logout", permission: .open, isPlain: true).markup()
            )
        }
        html.raw("</div>")
        return html
    }
}
