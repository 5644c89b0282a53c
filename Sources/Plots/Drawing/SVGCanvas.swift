/// Writes one SVG picture; text is escaped and numbers are finite and short.
package struct SVGCanvas {
    /// Which part of a text stands at its place.
    package enum Anchor: String, Sendable {
        case start
        case middle
        case end
    }

    /// The picture's width in pixels.
    package let width: Double
    /// The picture's height in pixels.
    package let height: Double
    private var body = ""
    private var paints: [String: Paint] = [:]

    /// Starts a picture.
    package init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    /// Draws a rectangle from its upper left corner; `tip` is shown when the pointer rests on it.
    package mutating func rectangle(
        _ x: Double,
        _ y: Double,
        _ width: Double,
        _ height: Double,
        fill: Paint,
        radius: Double = 0,
        opacity: Double = 1,
        tip: String? = nil
    ) {
        body += "<rect x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(max(0, width)))\" height=\"\(n(max(0, height)))\""
        if radius > 0 { body += " rx=\"\(n(radius))\"" }
        body += filled(fill, opacity)
        close("rect", tip)
    }

    /// Draws a line.
    package mutating func line(
        _ x1: Double,
        _ y1: Double,
        _ x2: Double,
        _ y2: Double,
        stroke: Paint,
        width: Double = 1,
        dash: String? = nil
    ) {
        body += "<line x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\""
        body += stroked(stroke, width, dash, 1) + "/>\n"
    }

    /// Draws a dot.
    package mutating func circle(
        _ x: Double,
        _ y: Double,
        _ radius: Double,
        fill: Paint,
        opacity: Double = 0.85,
        tip: String? = nil
    ) {
        body += "<circle cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(radius))\"" + filled(fill, opacity)
        close("circle", tip)
    }

    /// Draws a line through places; one that is not finite interrupts it.
    package mutating func polyline(
        _ points: [PlotPoint],
        stroke: Paint,
        width: Double = 2,
        dash: String? = nil,
        opacity: Double = 1
    ) {
        for piece in points.split(whereSeparator: { !$0.isFinite }) {
            guard piece.count > 1 else {
                for point in piece { circle(point.x, point.y, max(1.5, width), fill: stroke, opacity: opacity) }
                continue
            }
            body += "<polyline points=\"\(list(piece))\" fill=\"none\" stroke-linejoin=\"round\""
            body += stroked(stroke, width, dash, opacity) + "/>\n"
        }
    }

    /// Fills an area; places that are not finite are left out.
    package mutating func polygon(_ points: [PlotPoint], fill: Paint, opacity: Double = 1, tip: String? = nil) {
        let finite = points.filter(\.isFinite)
        guard finite.count > 2 else { return }
        body += "<polygon points=\"\(list(finite[...]))\"" + filled(fill, opacity)
        close("polygon", tip)
    }

    /// Writes a text; `turned` lets it run upwards.
    package mutating func text(
        _ text: String,
        _ x: Double,
        _ y: Double,
        size: Double = 12,
        fill: Paint = .ink,
        anchor: Anchor = .start,
        weight: Int = 400,
        turned: Bool = false
    ) {
        body += "<text x=\"\(n(x))\" y=\"\(n(y))\" font-size=\"\(n(size))\""
        if turned { body += " transform=\"rotate(-90 \(n(x)) \(n(y)))\"" }
        if anchor != .start { body += " text-anchor=\"\(anchor.rawValue)\"" }
        if weight != 400 { body += " font-weight=\"\(weight)\"" }
        body += filled(fill, 1) + ">\(Self.escape(text))</text>\n"
    }

    /// A bar whose colour runs from bottom (low) to top (high): the legend of values.
    package mutating func ramp(_ x: Double, _ y: Double, _ width: Double, _ height: Double) {
        let steps = 24
        for step in 0..<steps {
            let part = height / Double(steps)
            let top = y + height - Double(step + 1) * part
            rectangle(x, top, width, part + 0.5, fill: .ramp(Double(step) / Double(steps - 1)))
        }
    }

    /// The whole picture.
    ///
    /// - Parameters:
    ///   - title: what a screen reader says first.
    ///   - description: what the picture shows, in a sentence or two.
    /// - Returns: the document in UTF-8.
    package mutating func finish(title: String, description: String = "") -> [UInt8] {
        let background = filled(.surface, 1)
        var head =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(n(width)) \(n(height))\" width=\"\(n(width))\""
            + " height=\"\(n(height))\" class=\"martlet-plot\" role=\"img\" aria-label=\"\(Self.escape(title))\""
            + " font-family=\"Inter, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif\">\n"
            + "<title>\(Self.escape(title))</title>\n"
        if !description.isEmpty { head += "<desc>\(Self.escape(description))</desc>\n" }
        head += style + "<rect width=\"100%\" height=\"100%\"\(background)/>\n"
        return Array((head + body + "</svg>\n").utf8)
    }

    /// The variables of the colours in use, for light and dark pages.
    private var style: String {
        let used = paints.sorted { $0.key < $1.key }
        let light = used.map { "--plot-\($0.key):\($0.value.light)" }.joined(separator: ";")
        let dark = used.map { "--plot-\($0.key):\($0.value.dark)" }.joined(separator: ";")
        let rules = used.map {
            ".martlet-plot .f-\($0.key){fill:var(--plot-\($0.key))}.martlet-plot .s-\($0.key)"
                + "{stroke:var(--plot-\($0.key))}"
        }
        return "<style>.martlet-plot{\(light)}@media (prefers-color-scheme:dark){.martlet-plot{\(dark)}}"
            + rules.joined() + "</style>\n"
    }

    private mutating func filled(_ paint: Paint, _ opacity: Double) -> String {
        var text = " fill=\"\(paint.light)\""
        if let name = paint.name {
            paints[name] = paint
            text += " class=\"f-\(name)\""
        }
        return opacity < 1 ? text + " fill-opacity=\"\(n(opacity))\"" : text
    }

    private mutating func stroked(_ paint: Paint, _ width: Double, _ dash: String?, _ opacity: Double) -> String {
        var text = " stroke=\"\(paint.light)\""
        if let name = paint.name {
            paints[name] = paint
            text += " class=\"s-\(name)\""
        }
        if width != 1 { text += " stroke-width=\"\(n(width))\"" }
        if let dash { text += " stroke-dasharray=\"\(dash)\"" }
        return opacity < 1 ? text + " stroke-opacity=\"\(n(opacity))\"" : text
    }

    private mutating func close(_ tag: String, _ tip: String?) {
        body += tip.map { "><title>\(Self.escape($0))</title></\(tag)>\n" } ?? "/>\n"
    }

    private func list(_ points: ArraySlice<PlotPoint>) -> String {
        points.map { "\(n($0.x)),\(n($0.y))" }.joined(separator: " ")
    }

    /// The text with what XML gives a meaning escaped and what XML forbids replaced.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\u{FFFE}", "\u{FFFF}": escaped += "\u{FFFD}"
            case _ where scalar.value < 0x20 && scalar != "\t" && scalar != "\n": escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A label cut to the plot's limit.
    package static func label(_ name: String, limit: Int = PlotsLimits.labelCharacters) -> String {
        name.count <= limit ? name : String(name.prefix(limit - 1)) + "…"
    }

    private func n(_ value: Double) -> String {
        NumberText.trimmed(value.isFinite ? min(max(value, -1e6), 1e6) : 0, 2)
    }
}
