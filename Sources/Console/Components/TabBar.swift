/// Pages that belong together, one beside the other.
package struct TabBar: Sendable {
    /// The pages: text and address.
    package var tabs: [(text: String, href: String)]
    /// The address of the one that is shown.
    package var current: String

    /// Makes a bar.
    package init(_ tabs: [(text: String, href: String)], current: String) {
        self.tabs = tabs
        self.current = current
    }

    /// The bar.
    package func markup() -> Markup {
        var html = Markup()
        html.raw("<nav class=\"tabs\" aria-label=\"Parts of this page\">")
        for tab in tabs {
            html.raw("<a href=\"")
            html.text(tab.href)
            html.raw(tab.href == current ? "\" aria-current=\"page\">" : "\">")
            html.text(tab.text)
            html.raw("</a>")
        }
        html.raw("</nav>")
        return html
    }
}
