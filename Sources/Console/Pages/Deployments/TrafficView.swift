/// A traffic plan as a deployment's page shows it: who answers, who is sent where, who only listens.
package struct TrafficView: Sendable {
    /// A version that answers, or gets copies.
    package struct Arm: Sendable {
        /// The version.
        package var version: Int
        /// The page of the version; empty for none.
        package var href: String
        /// Why it is there, such as `stable`, `candidate` or the alias that names it.
        package var role: String
        /// Its share of the requests in percent.
        package var percent: Double
        /// Which of the colours 1 to 6.
        package var color: Int

        /// Makes an arm.
        package init(version: Int, href: String = "", role: String, percent: Double, color: Int) {
            self.version = version
            self.href = href
            self.role = role
            self.percent = percent
            self.color = color
        }
    }

    /// The versions that answer.
    package var arms: [Arm]
    /// Requests that a header sends to a version: the condition and the version.
    package var routes: [(condition: String, target: String)]
    /// What decides which arm a request is on, in words.
    package var sticky: String
    /// The versions that get copies of requests, off the request path.
    package var shadows: [Arm]

    /// Makes a view.
    package init(
        arms: [Arm],
        routes: [(condition: String, target: String)] = [],
        sticky: String = "",
        shadows: [Arm] = []
    ) {
        self.arms = arms
        self.routes = routes
        self.sticky = sticky
        self.shadows = shadows
    }

    /// The plan; empty without arms.
    package func markup() -> Markup {
        guard !arms.isEmpty else { return Markup() }
        var html = Markup()
        html.raw("<div class=\"body\">")
        let parts = arms.map { arm in
            ShareBar.Part(
                "version \(arm.version) · \(arm.role)",
                weight: arm.percent,
                figure: "\(NumberText.value(arm.percent))%",
                color: arm.color
            )
        }
        html.append(ShareBar(parts, label: "Versions in the traffic").markup())
        html.append(facts.markup())
        html.raw("</div>")
        return html
    }

    private var facts: FactList {
        var facts: [(label: String, value: Markup)] = []
        for route in routes {
            facts.append(("sent by header", .joined([.code(route.condition), .text("→ \(route.target)")])))
        }
        if !sticky.isEmpty { facts.append(("stays on its arm by", .text(sticky))) }
        for shadow in shadows {
            let name = "version \(shadow.version)"
            let link: Markup = shadow.href.isEmpty ? .text(name) : .link(name, shadow.href)
            let words =
                "scores \(NumberText.value(shadow.percent))% of the requests beside; its answers go to the ledger only"
            facts.append(("shadow", .joined([link, .quiet(words)])))
        }
        return FactList(facts)
    }
}
