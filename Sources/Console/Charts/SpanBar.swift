/// One row of a Gantt chart: when something ran within a common period.
package struct SpanBar: Sendable {
    /// Start as a share of the period, 0 to 1.
    package var start: Double
    /// End as a share of the period, 0 to 1.
    package var end: Double
    /// Its colour.
    package var tone: Tone
    /// What screen readers hear.
    package var label: String

    /// Makes a row.
    package init(start: Double, end: Double, tone: Tone, label: String) {
        self.start = start
        self.end = end
        self.tone = tone
        self.label = label
    }

    /// The drawing.
    package func markup() -> Markup {
        let from = held(start) * 1000
        let width = max(6, held(end) * 1000 - from)
        var html = Markup()
        html.raw("<svg class=\"gantt\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"")
        html.text(label)
        html.raw("\"><rect class=\"track\" width=\"1000\" height=\"10\"/><rect class=\"run \(tone.rawValue)\" ")
        html.raw("x=\"\(Coordinates.text(min(from, 994)))\" width=\"\(Coordinates.text(width))\" height=\"10\"/></svg>")
        return html
    }

    private func held(_ share: Double) -> Double {
        share.isFinite ? min(1, max(0, share)) : 0
    }
}
