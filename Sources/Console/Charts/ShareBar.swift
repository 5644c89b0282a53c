/// Parts of a whole as one thin bar with a legend: versions in the traffic, phases in a duration.
package struct ShareBar: Sendable {
    /// One part.
    package struct Part: Sendable {
        /// The name in the legend.
        package var name: String
        /// Its weight; parts are drawn in proportion to the sum.
        package var weight: Double
        /// The figure in the legend.
        package var figure: String
        /// Which of the colours 1 to 6, or 0 for grey.
        package var color: Int

        /// Makes a part.
        package init(_ name: String, weight: Double, figure: String, color: Int) {
            self.name = name
            self.weight = weight
            self.figure = figure
            self.color = color
        }
    }

    /// The parts in order.
    package var parts: [Part]
    /// What screen readers hear.
    package var label: String
    /// Whether the legend is drawn.
    package var keys: Bool

    /// Makes a bar.
    package init(_ parts: [Part], label: String, keys: Bool = true) {
        self.parts = parts
        self.label = label
        self.keys = keys
    }

    /// The bar; empty when nothing weighs anything.
    package func markup() -> Markup {
        let weights = parts.map { $0.weight.isFinite ? max(0, $0.weight) : 0 }
        let total = weights.reduce(0, +)
        guard total > 0 else { return Markup() }
        var html = Markup()
        html.raw("<svg class=\"share\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"")
        html.text(label)
        html.raw("\">")
        var left = 0.0
        for (part, weight) in zip(parts, weights) where weight > 0 {
            let width = weight / total * 1000
            html.raw("<rect class=\"c\(part.color)\" x=\"\(Coordinates.text(left))\" y=\"0\" ")
            html.raw("width=\"\(Coordinates.text(max(2, width - 2)))\" height=\"10\"><title>")
            html.text("\(part.name) \(part.figure)")
            html.raw("</title></rect>")
            left += width
        }
        html.raw("</svg>")
        guard keys else { return html }
        html.raw("<div class=\"share-keys legend\">")
        for part in parts {
            html.raw("<span class=\"key c\(part.color)\"><span>")
            html.text(part.name)
            html.raw("</span><b>")
            html.text(part.figure)
            html.raw("</b></span>")
        }
        html.raw("</div>")
        return html
    }
}
