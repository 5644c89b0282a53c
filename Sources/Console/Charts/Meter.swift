/// A share between 0 and 1 as a short bar.
package struct Meter: Sendable {
    /// The share, held within 0 and 1.
    package var share: Double
    /// The tone: `good`, `warn`, `bad` or empty.
    package var tone: Tone?
    /// What screen readers hear.
    package var label: String

    /// Makes a meter.
    package init(_ share: Double, tone: Tone? = nil, label: String) {
        self.share = share
        self.tone = tone
        self.label = label
    }

    /// The drawing.
    package func markup() -> Markup {
        let held = share.isFinite ? min(1, max(0, share)) : 0
        var html = Markup()
        html.raw("<svg class=\"meter \(tone?.rawValue ?? "")\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" ")
        html.raw("role=\"img\" aria-label=\"")
        html.text(label)
        html.raw("\"><rect width=\"\(Coordinates.text(held * 100))\" height=\"10\"/></svg>")
        return html
    }
}
