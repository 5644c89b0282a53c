/// A form that only looks: its fields become the address, so that a search can be kept and sent on.
package struct SearchForm: Sendable {
    private let path: String
    private let button: String
    private var fields = Markup()

    /// Makes a form without fields.
    ///
    /// - Parameters:
    ///   - path: the page that is asked.
    ///   - button: what its button says.
    package init(_ path: String, button: String) {
        self.path = path
        self.button = button
    }

    /// Adds a line of text.
    package mutating func text(
        _ name: String,
        _ label: String,
        value: String,
        example: String = "",
        isWide: Bool = false
    ) {
        begin(label, isWide ? " class=\"wide\"" : "")
        fields.raw(
            "<input class=\"bare\" type=\"\(isWide ? "search" : "text")\" spellcheck=\"false\" autocomplete=\"off\" name=\""
        )
        fields.text(name)
        fields.raw("\" value=\"")
        fields.text(value)
        fields.raw("\" placeholder=\"")
        fields.text(example)
        fields.raw("\"></label>")
    }

    /// Adds one of several.
    package mutating func choice(
        _ name: String,
        _ label: String,
        _ options: [(value: String, text: String)],
        value: String
    ) {
        begin(label, "")
        fields.raw("<select name=\"")
        fields.text(name)
        fields.raw("\">")
        for option in options {
            fields.raw("<option value=\"")
            fields.text(option.value)
            fields.raw(option.value == value ? "\" selected>" : "\">")
            fields.text(option.text)
            fields.raw("</option>")
        }
        fields.raw("</select></label>")
    }

    private mutating func begin(_ label: String, _ style: String) {
        fields.raw("<label\(style)><span>")
        fields.text(label)
        fields.raw("</span>")
    }

    /// The form.
    package func markup() -> Markup {
        var html = Markup()
        html.raw("<form class=\"search filters\" method=\"get\" action=\"")
        html.text(path)
        html.raw("\" role=\"search\">")
        html.append(fields)
        html.raw("<button class=\"button\" type=\"submit\">")
        html.text(button)
        html.raw("</button></form>")
        return html
    }
}
