/// The steps that a new version climbs, with the share of traffic each gives it.
package struct RolloutSteps: Sendable {
    /// One step.
    package struct Step: Sendable {
        /// How far it is.
        package enum State: String, Sendable {
            case done
            case now
            case ahead
            case failed
        }

        /// Its share, such as `10%`.
        package var name: String
        /// How far it is.
        package var state: State
        /// A line below.
        package var detail: String

        /// Makes a step.
        package init(_ name: String, _ state: State, detail: String = "") {
            self.name = name
            self.state = state
            self.detail = detail
        }
    }

    /// The steps in order.
    package var steps: [Step]

    /// Makes the steps.
    package init(_ steps: [Step]) {
        self.steps = steps
    }

    /// The drawing; empty without steps.
    package func markup() -> Markup {
        guard !steps.isEmpty else { return Markup() }
        var html = Markup()
        html.raw("<ol class=\"steps\">")
        for step in steps {
            html.raw("<li class=\"\(step.state.rawValue)\"\(step.state == .now ? " aria-current=\"step\"" : "")>")
            html.raw("<div class=\"name\">")
            html.text(step.name)
            html.raw("</div><div class=\"detail\">")
            html.text(step.detail)
            html.raw("</div></li>")
        }
        html.raw("</ol>")
        return html
    }
}
