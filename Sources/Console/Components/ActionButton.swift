/// A button that asks the server to act: a form, so that it works without the script.
package struct ActionButton: Sendable {
    /// What it says.
    package var title: String
    /// Where the form posts.
    package var path: String
    /// How it looks.
    package var style: Style
    /// What it asks before it acts; nil acts at once.
    package var question: String?

    /// How a button looks.
    package enum Style: String, Sendable {
        case plain = ""
        case primary
        case danger
    }

    /// Makes a button.
    package init(_ title: String, path: String, style: Style = .plain, question: String? = nil) {
        self.title = title
        self.path = path
        self.style = style
        self.question = question
    }

    /// The form.
    package func markup() -> Markup {
        var html = Markup()
        html.raw("<form method=\"post\" action=\"")
        html.text(path)
        html.raw("\"")
        if let question {
            html.raw(" data-ask=\"")
            html.text(question)
            html.raw("\"")
        }
        html.raw("><button class=\"button \(style.rawValue)\" type=\"submit\">")
        html.text(title)
        html.raw("</button></form>")
        return html
    }
}
