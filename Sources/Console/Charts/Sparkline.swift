/// A curve the size of a word, without axes.
package struct Sparkline: Sendable {
    /// Values in order; one that is not finite is a gap.
    package var values: [Double]
    /// What screen readers hear.
    package var label: String

    /// Makes a sparkline.
    package init(_ values: [Double], label: String) {
        self.values = values
        self.label = label
    }

    /// The drawing; empty below two finite values.
    package func markup() -> Markup {
        let finite = values.filter(\.isFinite)
        guard finite.count > 1, let most = finite.max() else { return Markup() }
        let top = most > 0 ? most : 1
        let last = Double(values.count - 1)
        let points = values.enumerated().map { index, value -> (x: Double, y: Double)? in
            guard value.isFinite else { return nil }
            return (Double(index) / last * 96, 21 - max(0, value) / top * 19)
        }
        var html = Markup()
        html.raw("<svg class=\"spark\" viewBox=\"0 0 96 22\" role=\"img\" aria-label=\"")
        html.text(label)
        html.raw("\"><path class=\"fill\" d=\"\(Coordinates.polyline(points.compactMap { $0 }))L96 22L0 22Z\"/>")
        html.raw("<path class=\"curve\" d=\"\(Coordinates.polyline(points))\"/></svg>")
        return html
    }
}
