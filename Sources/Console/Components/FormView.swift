package import HTTPSupport

/// A form with fields; the browser sends it, with or without the script.
package struct FormView: Sendable {
    /// One field.
    package struct Field: Sendable {
        /// What it asks for.
        package enum Kind: Sendable {
            /// A line of text.
            case text
            /// A secret that is not shown.
            case password
            /// Several lines that are not kept.
            case secret
            /// Several lines that are shown as they were sent, this many at first.
            case area(lines: Int)
            /// One of several.
            case choice([(value: String, text: String)])
            /// Any of several.
            case boxes([(value: String, text: String)])
        }

        /// Its name in the form.
        package var name: String
        /// What stands beside it.
        package var label: String
        /// What it asks for.
        package var kind: Kind
        /// What is in it; of boxes those that are ticked.
        package var values: [String]
        /// An example.
        package var example: String
        /// What the browser may fill in, in HTML's terms; `off` for nothing.
        package var autocomplete: String
        /// Whether it may be empty.
        package var isOptional: Bool
        /// A sentence below it.
        package var note: String
        /// What is wrong with it; empty when nothing is.
        package var problem: String
        /// The heading of the group that it begins; empty for none.
        package var group: String

        /// Makes a field.
        package init(
            _ name: String,
            _ label: String,
            _ kind: Kind = .text,
            values: [String] = [],
            example: String = "",
            autocomplete: String = "off",
            isOptional: Bool = false,
            note: String = "",
            problem: String = "",
            group: String = ""
        ) {
            self.name = name
            self.label = label
            self.kind = kind
            self.values = values
            self.example = example
            self.autocomplete = autocomplete
            self.isOptional = isOptional
            self.note = note
            self.problem = problem
            self.group = group
        }
    }

    /// Where it posts.
    package var path: String
    /// Its fields.
    package var fields: [Field]
    /// What its button says.
    package var button: String
    /// How the button looks.
    package var style: ActionButton.Style
    /// What sending it needs.
    package var permission: Permission
    /// What it asks before it is sent; nil sends at once.
    package var question: String?
    /// Whether it stands in one line, such as in a table's cell, with its labels for those who cannot see it.
    package var isInline: Bool
    /// Fields that travel along unseen.
    package var hidden: [(name: String, value: String)]

    /// Makes a form.
    package init(
        _ path: String,
        fields: [Field],
        button: String,
        style: ActionButton.Style = .primary,
        permission: Permission,
        question: String? = nil,
        isInline: Bool = false,
        hidden: [(name: String, value: String)] = []
    ) {
        self.path = path
        self.fields = fields
        self.button = button
        self.style = style
        self.permission = permission
        self.question = question
        self.isInline = isInline
        self.hidden = hidden
    }

    /// The form.
    package func markup() -> Markup {
        var html = Markup.form(path, question: question, isPlain: true, style: isInline ? "inline-form" : "form")
        for field in hidden { html.append(.hidden(field.name, field.value)) }
        for field in fields {
            if !field.group.isEmpty {
                html.raw("<h3>")
                html.text(field.group)
                html.raw("</h3>")
            }
            html.append(markup(of: field))
        }
        html.raw("<div class=\"form-end\">")
        html.append(.submit(button, style: style, permission: permission))
        html.raw("</div></form>")
        return html
    }

    private func markup(of field: Field) -> Markup {
        var html = Markup()
        if case .boxes(let options) = field.kind {
            html.raw("<fieldset class=\"field-row\"><legend>")
            html.text(field.label)
            html.raw("</legend><div class=\"boxes\">")
            for option in options {
                let ticked = field.values.contains(option.value) ? " checked" : ""
                html.raw("<label><input type=\"checkbox\" name=\"")
                html.text(field.name)
                html.raw("\" value=\"")
                html.text(option.value)
                html.raw("\"\(ticked)> ")
                html.text(option.text)
                html.raw("</label>")
            }
            html.raw("</div></fieldset>")
            return html
        }
        let style = if case .area = field.kind { "field-row area" } else { "field-row" }
        html.raw("<label class=\"\(style)\(field.problem.isEmpty ? "" : " wrong")\">")
        html.raw("<span\(isInline ? " class=\"skip\"" : "")>")
        html.text(field.label)
        html.raw("</span>")
        html.append(input(field))
        if !field.problem.isEmpty {
            html.raw("<span class=\"problem\" role=\"alert\">")
            html.text(field.problem)
            html.raw("</span>")
        }
        if !field.note.isEmpty {
            html.raw("<span class=\"hint\">")
            html.text(field.note)
            html.raw("</span>")
        }
        html.raw("</label>")
        return html
    }

    private func input(_ field: Field) -> Markup {
        let name = Markup.escaped(field.name)
        let required = field.isOptional ? "" : " required"
        let value = Markup.escaped(field.values.first ?? "")
        let rest = "autocomplete=\"\(Markup.escaped(field.autocomplete))\" spellcheck=\"false\""
        switch field.kind {
        case .text, .password:
            let type = if case .password = field.kind { "password" } else { "text" }
            let example = field.example.isEmpty ? "" : " placeholder=\"\(Markup.escaped(field.example))\""
            return Markup(
                trusted: "<input type=\"\(type)\" name=\"\(name)\" value=\"\(value)\"\(example)\(required) \(rest)>"
            )
        case .secret:
            return Markup(trusted: "<textarea name=\"\(name)\" rows=\"3\"\(required) \(rest)></textarea>")
        case .area(let lines):
            let rows = min(max(lines, 2), 40)
            return Markup(
                trusted: "<textarea name=\"\(name)\" rows=\"\(rows)\"\(required) \(rest)>\n\(value)</textarea>"
            )
        case .choice(let options):
            let inner = options.map { option in
                let selected = field.values.contains(option.value) ? " selected" : ""
                return
                    "<option value=\"\(Markup.escaped(option.value))\"\(selected)>\(Markup.escaped(option.text))</option>"
            }
            return Markup(trusted: "<select name=\"\(name)\">\(inner.joined())</select>")
        case .boxes: return Markup()
        }
    }
}
