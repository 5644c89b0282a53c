package import HTTPSupport

/// A button that asks the server to act: a form, so that it works without the script.
///
/// For somebody who may not press it, it is there but off, and its title says what is missing.
package struct ActionButton: Sendable {
    /// What it says.
    package var title: String
    /// Where the form posts.
    package var path: String
    /// How it looks.
    package var style: Style
    /// What it asks before it acts; nil acts at once.
    package var question: String?
    /// What pressing it needs.
    package var permission: Permission
    /// Fields that travel along unseen.
    package var values: [(name: String, value: String)]
    /// Whether the browser goes to the answer itself, as for forms with fields.
    package var isPlain: Bool

    /// How a button looks.
    package enum Style: String, Sendable {
        case plain = ""
        case primary
        case danger
    }

    /// Makes a button.
    package init(
        _ title: String,
        path: String,
        style: Style = .plain,
        question: String? = nil,
        permission: Permission = .operate,
        values: [(name: String, value: String)] = [],
        isPlain: Bool = false
    ) {
        self.title = title
        self.path = path
        self.style = style
        self.question = question
        self.permission = permission
        self.values = values
        self.isPlain = isPlain
    }

    /// The form.
    package func markup() -> Markup {
        var html = Markup()
        html.append(.form(path, question: question, isPlain: isPlain))
        for field in values { html.append(.hidden(field.name, field.value)) }
        html.append(.submit(title, style: style, permission: permission))
        html.raw("</form>")
        return html
    }
}

extension Markup {
    /// The beginning of a form that posts to a path of ours, with the token of the session.
    static func form(_ path: String, question: String? = nil, isPlain: Bool, style: String = "") -> Markup {
        var html = Markup()
        html.raw("<form method=\"post\" action=\"")
        html.text(path)
        html.raw("\"")
        if !style.isEmpty { html.raw(" class=\"\(style)\"") }
        if isPlain { html.raw(" data-plain") }
        if let question {
            html.raw(" data-ask=\"")
            html.text(question)
            html.raw("\"")
        }
        html.raw(">")
        if let token = Viewer.current.formToken { html.append(.hidden("csrf", token)) }
        return html
    }

    /// A field that travels along unseen.
    static func hidden(_ name: String, _ value: String) -> Markup {
        Markup(trusted: "<input type=\"hidden\" name=\"\(escaped(name))\" value=\"\(escaped(value))\">")
    }

    /// The button that sends a form: off, with the reason, for somebody who may not.
    static func submit(_ title: String, style: ActionButton.Style, permission: Permission) -> Markup {
        let refusal = Viewer.current.refusal(of: permission)
        let off = refusal.map { " disabled title=\"\(escaped($0))\"" } ?? ""
        let button = style == .plain ? "button" : "button \(style.rawValue)"
        return Markup(trusted: "<button class=\"\(button)\" type=\"submit\"\(off)>\(escaped(title))</button>")
    }
}
