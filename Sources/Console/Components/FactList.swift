/// Labels and values, one pair a line.
package struct FactList: Sendable {
    /// The pairs in order.
    package var facts: [(label: String, value: Markup)]

    /// Makes a list; pairs with empty values are left out.
    package init(_ facts: [(label: String, value: Markup)]) {
        self.facts = facts.filter { !$0.value.isNull }
    }

    /// The list; empty without pairs.
    package func markup() -> Markup {
        guard !facts.isEmpty else { return Markup() }
        var html = Markup()
        html.raw("<dl class=\"facts\">")
        for fact in facts {
            html.raw("<dt>")
            html.text(fact.label)
            html.raw("</dt><dd>")
            html.append(fact.value)
            html.raw("</dd>")
        }
        html.raw("</dl>")
        return html
    }
}
