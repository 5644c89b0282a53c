/// A colour by its role, so that one picture fits light and dark pages.
///
/// A picture holds the light colours as plain attributes and both as CSS variables, so a page may set its own.
package struct Paint: Sendable, Equatable {
    /// The role's name, which is its CSS class and variable; nil for a colour that is the same everywhere.
    let name: String?
    let light: String
    let dark: String

    private init(_ name: String?, _ light: String, _ dark: String) {
        self.name = name
        self.light = light
        self.dark = dark
    }

    /// The page.
    package static let surface = Paint("surface", "#ffffff", "#14171f")
    /// Text and what has to be seen first.
    package static let ink = Paint("ink", "#1f2430", "#e6e9ef")
    /// Text that explains, such as that of axes.
    package static let muted = Paint("muted", "#626a78", "#9aa3b2")
    /// Lines that guide the eye.
    package static let grid = Paint("grid", "#e5e7eb", "#2b313d")
    /// What raises a prediction.
    package static let raises = Paint("raises", "#d6336c", "#f06595")
    /// What lowers a prediction, and bars without a direction.
    package static let lowers = Paint("lowers", "#1c7ed6", "#4dabf7")
    /// What is not known.
    package static let missing = Paint("missing", "#9ca3af", "#6b7280")
    /// Text on a strong colour.
    package static let contrast = Paint(nil, "#ffffff", "#ffffff")

    private static let seriesPaints = [
        Paint("c1", "#1c7ed6", "#4dabf7"), Paint("c2", "#d6336c", "#f06595"), Paint("c3", "#2b8a3e", "#51cf66"),
        Paint("c4", "#b35c00", "#ffa94d"), Paint("c5", "#7048e8", "#9775fa"), Paint("c6", "#0b7285", "#3bc9db"),
        Paint("c7", "#5c677d", "#adb5bd"), Paint("c8", "#9c5a2b", "#d9a066"),
    ]

    /// The colour of the line or group with that number; they repeat after eight.
    package static func series(_ index: Int) -> Paint {
        seriesPaints[((index % seriesPaints.count) + seriesPaints.count) % seriesPaints.count]
    }

    /// The colour between low (blue) and high (red), through violet: 0 to 1.
    package static func ramp(_ share: Double) -> Paint {
        let position = share.isFinite ? min(max(share, 0), 1) : 0.5
        let (low, high) = ((0x1C, 0x7E, 0xD6), (0xD6, 0x33, 0x6C))
        let mix = { (a: Int, b: Int) in Int((Double(a) + (Double(b) - Double(a)) * position).rounded()) }
        let text = "rgb(\(mix(low.0, high.0)),\(mix(low.1, high.1)),\(mix(low.2, high.2)))"
        return Paint(nil, text, text)
    }
}
