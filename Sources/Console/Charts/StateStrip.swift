/// The states of the newest runs as a row of small bars.
package struct StateStrip: Sendable {
    /// The states, oldest first.
    package var tones: [Tone]

    /// Makes a strip.
    package init(_ tones: [Tone]) {
        self.tones = tones
    }

    /// The drawing; a dash without states.
    package func markup() -> Markup {
        guard !tones.isEmpty else { return .missing }
        let shown = tones.suffix(16)
        let good = shown.count { $0 == .good }
        let width = shown.count * 8 - 3
        var html = Markup()
        html.raw("<svg class=\"strip\" width=\"\(width)\" height=\"16\" viewBox=\"0 0 \(width) 16\" role=\"img\" ")
        html.raw("aria-label=\"\(good) of the last \(shown.count) succeeded\">")
        for (index, tone) in shown.enumerated() {
            html.raw("<rect class=\"\(tone.rawValue)\" x=\"\(index * 8)\" width=\"5\" height=\"16\" rx=\"1.5\"/>")
        }
        html.raw("</svg>")
        return html
    }
}
