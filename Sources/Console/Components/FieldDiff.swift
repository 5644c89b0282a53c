/// What a change does, field by field: how it was and how it will be.
package struct FieldDiff: Sendable {
    /// One field.
    package struct Line: Sendable {
        /// Where, such as `rollout.steps[1]`.
        package var path: String
        /// How it was; nil when it was not there.
        package var before: String?
        /// How it will be; nil when it goes.
        package var after: String?

        /// Makes a line.
        package init(path: String, before: String?, after: String?) {
            self.path = path
            self.before = before
            self.after = after
        }
    }

    /// The fields that differ.
    package var lines: [Line]

    /// Makes a comparison.
    package init(_ lines: [Line]) {
        self.lines = lines
    }

    /// The comparison as a table.
    package func markup(orEmpty empty: EmptyState) -> Markup {
        guard !lines.isEmpty else { return empty.markup() }
        let table = TableView(
            columns: [.init("Field"), .init("Now", wraps: true), .init("Then", wraps: true)],
            rows: lines.map { line in
                [.code(line.path), value(line.before, "del"), value(line.after, "ins")]
            }
        )
        var html = Markup()
        html.raw("<div class=\"diff\">")
        html.append(table.markup())
        html.raw("</div>")
        return html
    }

    private func value(_ text: String?, _ tag: String) -> Markup {
        guard let text else { return .quiet("not there") }
        return Markup(trusted: "<\(tag)><code>\(Markup.escaped(text))</code></\(tag)>")
    }
}
