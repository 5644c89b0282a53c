/// What an empty list says: why it is empty and the command that fills it.
package struct EmptyState: Sendable {
    /// One sentence.
    package var text: String
    /// The next command; nil when there is nothing to type.
    package var command: String?

    /// Makes an empty state.
    package init(_ text: String, command: String? = nil) {
        self.text = text
        self.command = command
    }

    /// The text, with the command ready to copy.
    package func markup() -> Markup {
        var html = Markup()
        html.raw("<div class=\"empty\"><p>")
        html.text(text)
        html.raw("</p>")
        if let command {
            html.raw("<p><span class=\"command\"><code>")
            html.text(command)
            html.raw("</code><button class=\"copy\" type=\"button\" data-copy=\"")
            html.text(command)
            html.raw("\">Copy</button></span></p>")
        }
        html.raw("</div>")
        return html
    }
}
