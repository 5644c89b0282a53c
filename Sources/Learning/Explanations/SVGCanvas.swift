/// Writes one SVG picture; text is escaped and numbers are finite and short.
struct SVGCanvas {
    enum Anchor: String {
        case start
        case middle
        case end
    }

    enum Palette {
        static let background = "#ffffff"
        static let ink = "#1f2430"
        static let muted = "#6b7280"
        static let grid = "#e5e7eb"
        static let raises = "#d6336c"
        static let lowers = "#1c7ed6"
    }

    let width: Double
    let height: Double
    private var body = ""

    init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    mutating func rectangle(
        _ x: Double,
        _ y: Double,
        _ width: Double,
        _ height: Double,
        fill: String,
        radius: Double = 0
    ) {
        body += "<rect x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(max(0, width)))\" height=\"\(n(max(0, height)))\""
        body += " rx=\"\(n(radius))\" fill=\"\(fill)\"/>\n"
    }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, stroke: String, dash: String? = nil) {
        body += "<line x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\" stroke=\"\(stroke)\""
        body += dash.map { " stroke-dasharray=\"\($0)\"/>\n" } ?? "/>\n"
    }

    mutating func circle(_ x: Double, _ y: Double, _ radius: Double, fill: String) {
        body += "<circle cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(radius))\" fill=\"\(fill)\" fill-opacity=\"0.85\"/>\n"
    }

    mutating func polygon(_ points: [(x: Double, y: Double)], fill: String) {
        let list = points.map { "\(n($0.x)),\(n($0.y))" }.joined(separator: " ")
        body += "<polygon points=\"\(list)\" fill=\"\(fill)\"/>\n"
    }

    mutating func text(
        _ text: String,
        _ x: Double,
        _ y: Double,
        size: Double = 12,
        fill: String = Palette.ink,
        anchor: Anchor = .start,
        weight: Int = 400
    ) {
        body += "<text x=\"\(n(x))\" y=\"\(n(y))\" font-size=\"\(n(size))\" fill=\"\(fill)\""
        body += " text-anchor=\"\(anchor.rawValue)\" font-weight=\"\(weight)\">\(Self.escape(text))</text>\n"
    }

    /// A bar whose colour runs from bottom to top: the legend of feature values.
    mutating func gradient(_ x: Double, _ y: Double, _ width: Double, _ height: Double, from: String, to: String) {
        body += "<defs><linearGradient id=\"scale\" x1=\"0\" y1=\"1\" x2=\"0\" y2=\"0\"><stop offset=\"0\""
        body += " stop-color=\"\(from)\"/><stop offset=\"1\" stop-color=\"\(to)\"/></linearGradient></defs>\n"
        body +=
            "<rect x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(width))\" height=\"\(n(height))\" fill=\"url(#scale)\"/>\n"
    }

    /// The whole picture; `title` is also what a screen reader says.
    func finish(title: String) -> [UInt8] {
        let head =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(n(width)) \(n(height))\" width=\"\(n(width))\""
            + " height=\"\(n(height))\" role=\"img\" font-family=\"Inter, 'Segoe UI', 'Helvetica Neue', Arial,"
            + " sans-serif\">\n<title>\(Self.escape(title))</title>\n"
            + "<rect width=\"100%\" height=\"100%\" fill=\"\(Palette.background)\"/>\n"
        return Array((head + body + "</svg>\n").utf8)
    }

    /// The colour between blue (0) and red (1), through violet.
    static func colour(at share: Double) -> String {
        let position = share.isFinite ? min(max(share, 0), 1) : 0.5
        let (low, high) = ((0x1C, 0x7E, 0xD6), (0xD6, 0x33, 0x6C))
        let mix = { (a: Int, b: Int) in Int((Double(a) + (Double(b) - Double(a)) * position).rounded()) }
        return "rgb(\(mix(low.0, high.0)),\(mix(low.1, high.1)),\(mix(low.2, high.2)))"
    }

    static func escape(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case _ where scalar.value < 0x20 && scalar != "\t" && scalar != "\n": escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A label cut to the plot's limit.
    static func label(_ name: String) -> String {
        let limit = LearningLimits.plottedCharacters
        return name.count <= limit ? name : String(name.prefix(limit - 1)) + "…"
    }

    private func n(_ value: Double) -> String {
        NumberText.trimmed(value.isFinite ? value : 0, 2)
    }
}
