/// A part of a page with its own heading: a list, a form, or both.
package struct Panel: Sendable {
    /// The heading.
    package var title: String
    /// How many there are; empty for none.
    package var count: String
    /// A remark at the right end of the heading.
    package var note: String
    /// The list.
    package var content: Markup
    /// What stands below it, such as a form.
    package var form: Markup

    /// Makes a part.
    package init(
        _ title: String,
        count: String = "",
        note: String = "",
        content: Markup = Markup(),
        form: Markup = Markup()
    ) {
        self.title = title
        self.count = count
        self.note = note
        self.content = content
        self.form = form
    }

    /// What the template `panels` reads.
    var context: [String: Any] {
        var context: [String: Any] = ["panelTitle": title, "panelContent": content]
        if !count.isEmpty { context["panelCount"] = count }
        if !note.isEmpty { context["panelNote"] = note }
        if !form.isNull { context["panelForm"] = form }
        return context
    }
}
