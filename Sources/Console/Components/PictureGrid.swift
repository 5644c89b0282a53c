/// Pictures among the artifacts, each a link to itself.
package struct PictureGrid: Sendable {
    /// The pictures.
    package var files: [RunPage.Artifact]

    /// Makes a grid.
    package init(_ files: [RunPage.Artifact]) {
        self.files = files
    }

    /// The grid; empty without pictures.
    package func markup() -> Markup {
        guard !files.isEmpty else { return Markup() }
        var html = Markup()
        html.raw("<div class=\"pictures\">")
        for file in files {
            let (href, name) = (Markup.escaped(file.href), Markup.escaped(file.path))
            html.raw("<figure><a href=\"\(href)\"><img src=\"\(href)\" alt=\"\(name)\" loading=\"lazy\"></a>")
            html.raw("<figcaption>\(name)</figcaption></figure>")
        }
        html.raw("</div>")
        return html
    }
}
