package import Core

/// Curves over time or steps, drawn as one stretched SVG with HTML labels around it.
package struct LineChart: Sendable {
    /// One curve.
    package struct Curve: Sendable {
        /// The name in the legend.
        package var name: String
        /// Points in order of x; for time, x is milliseconds since 1970.
        ///
        /// A y that is not finite is a gap.
        package var points: [(x: Double, y: Double)]
        /// Which of the colours 1 to 6, or 0 for grey.
        package var color: Int
        /// Whether the area below is tinted.
        package var filled: Bool
        /// Whether points are drawn as dots without a line between them.
        package var dotted: Bool

        /// Makes a curve.
        package init(
            _ name: String,
            _ points: [(x: Double, y: Double)],
            color: Int,
            filled: Bool = false,
            dotted: Bool = false
        ) {
            self.name = name
            self.points = points
            self.color = color
            self.filled = filled
            self.dotted = dotted
        }
    }

    /// What the horizontal axis counts.
    package enum Axis: Sendable {
        /// Moments, labelled as their distance from now.
        case time(now: Timestamp)
        /// Steps of training, labelled as numbers.
        case step
    }

    /// How high the drawing is.
    package enum Height: String, Sendable {
        case short
        case normal
        case tall
    }

    /// What screen readers hear.
    package var label: String
    /// The curves.
    package var curves: [Curve]
    /// The horizontal axis.
    package var axis: Axis
    /// How values are written.
    package var format: ValueFormat
    /// A limit drawn as a dashed line.
    package var limit: Double?
    /// Whether the vertical axis starts at zero.
    package var fromZero: Bool
    /// How high the drawing is.
    package var height: Height

    /// Makes a chart.
    package init(
        label: String,
        curves: [Curve],
        axis: Axis,
        format: ValueFormat = .value,
        limit: Double? = nil,
        fromZero: Bool = false,
        height: Height = .normal
    ) {
        self.label = label
        self.curves = curves
        self.axis = axis
        self.format = format
        self.limit = limit
        self.fromZero = fromZero
        self.height = height
    }

    /// The figure; empty when no curve has a finite point.
    package func markup() -> Markup {
        let shown = curves.prefix(ConsoleLimits.curvesPerChart).map(thinned)
        let all = shown.flatMap(\.points).filter { $0.y.isFinite && $0.x.isFinite }
        guard !all.isEmpty else { return Markup() }
        let horizontal = horizontalRange(all)
        let vertical = verticalScale(all)
        var html = Markup()
        html.raw("<figure class=\"chart\" data-format=\"\(format.rawValue)\" data-axis=\"\(axisName)\">")
        legend(shown, into: &html)
        html.raw("<div class=\"plot \(height.rawValue)\"><div class=\"y\" aria-hidden=\"true\">")
        for tick in vertical.ticks {
            html.raw("<span>")
            html.text(format.text(tick))
            html.raw("</span>")
        }
        html.raw("</div>")
        drawing(shown, horizontal, vertical, into: &html)
        html.raw("<div class=\"x\" aria-hidden=\"true\">")
        for text in horizontalLabels(horizontal) {
            html.raw("<span>")
            html.text(text)
            html.raw("</span>")
        }
        html.raw("</div></div></figure>")
        return html
    }

    private var axisName: String {
        switch axis {
        case .time: "time"
        case .step: "step"
        }
    }

    private func thinned(_ curve: Curve) -> Curve {
        guard curve.points.count > ConsoleLimits.curvePoints else { return curve }
        var curve = curve
        curve.points = Downsampling.largestTriangles(curve.points, limit: ConsoleLimits.curvePoints)
        return curve
    }

    private func horizontalRange(_ points: [(x: Double, y: Double)]) -> (low: Double, high: Double) {
        var low = points[0].x
        var high = points[0].x
        for point in points {
            low = min(low, point.x)
            high = max(high, point.x)
        }
        if case .time(let now) = axis, high - low < 1000 {
            low = min(low, Double(now.milliseconds)) - 10_000
            high = max(high, Double(now.milliseconds))
        }
        return high > low ? (low, high) : (low - 0.5, low + 0.5)
    }

    private func verticalScale(_ points: [(x: Double, y: Double)]) -> NiceScale {
        var low = points[0].y
        var high = points[0].y
        for point in points {
            low = min(low, point.y)
            high = max(high, point.y)
        }
        if let limit {
            low = min(low, limit)
            high = max(high, limit)
        }
        if fromZero { low = min(low, 0) }
        return NiceScale(low, high, intervals: height == .short ? 2 : 3, whole: format == .count)
    }

    private func horizontalLabels(_ range: (low: Double, high: Double)) -> [String] {
        let places = [0, 0.25, 0.5, 0.75, 1].map { range.low + (range.high - range.low) * $0 }
        switch axis {
        case .step:
            guard range.high - range.low >= 4 else {
                return [NumberText.value(range.low), NumberText.value(range.high)]
            }
            return places.map { NumberText.value($0.rounded()) }
        case .time(let now):
            let oldest = (Double(now.milliseconds) - range.low) / 1000
            return places.map { place in
                let seconds = (Double(now.milliseconds) - place) / 1000
                return LineChart.distance(seconds, oldest: oldest)
            }
        }
    }

    /// How long ago, in the unit that suits the oldest label, so that the labels of one axis differ.
    private static func distance(_ seconds: Double, oldest: Double) -> String {
        guard seconds >= 0.5 else { return "now" }
        let (size, name): (Double, String) =
            switch oldest {
            case ..<180: (1, "s")
            case ..<10_800: (60, "min")
            case ..<259_200: (3600, "h")
            default: (86_400, "d")
            }
        let amount = size == 1 ? seconds.rounded() : (seconds / size * 10).rounded() / 10
        return amount == 0 ? "now" : NumberText.value(amount) + " \(name) ago"
    }

    private func legend(_ shown: [Curve], into html: inout Markup) {
        html.raw("<figcaption class=\"legend\">")
        for curve in shown {
            html.raw("<span class=\"key c\(curve.color)\"><span>")
            html.text(curve.name)
            html.raw("</span><b>")
            let last = curve.points.last { $0.y.isFinite }
            html.text(last.map { format.text($0.y) } ?? NumberText.missing)
            html.raw("</b></span>")
        }
        if curves.count > shown.count {
            html.raw("<span class=\"quiet\">and \(curves.count - shown.count) more</span>")
        }
        html.raw("<span class=\"at\"></span></figcaption>")
    }

    private func drawing(
        _ shown: [Curve],
        _ horizontal: (low: Double, high: Double),
        _ vertical: NiceScale,
        into html: inout Markup
    ) {
        let side = Coordinates.side
        html.raw("<svg viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"")
        html.text(label)
        html.raw("\">")
        for tick in vertical.ticks {
            let y = Coordinates.text((1 - vertical.position(tick)) * side)
            html.raw("<path class=\"grid\" d=\"M0 \(y)H1000\"/>")
        }
        for curve in shown {
            let places = curve.points.map { point -> (x: Double, y: Double)? in
                guard point.x.isFinite, point.y.isFinite else { return nil }
                let x = (point.x - horizontal.low) / (horizontal.high - horizontal.low)
                return (x * side, (1 - vertical.position(point.y)) * side)
            }
            html.append(drawn(curve, places))
        }
        if let limit {
            let y = Coordinates.text((1 - vertical.position(limit)) * side)
            html.raw("<path class=\"limit\" d=\"M0 \(y)H1000\"><title>limit ")
            html.text(format.text(limit))
            html.raw("</title></path>")
        }
        html.raw("</svg>")
    }

    private func drawn(_ curve: Curve, _ places: [(x: Double, y: Double)?]) -> Markup {
        var html = Markup()
        html.raw("<g class=\"c\(curve.color)\" data-name=\"")
        html.text(curve.name)
        html.raw("\" data-x=\"")
        html.raw(curve.points.map { precise($0.x) }.joined(separator: " "))
        html.raw("\" data-y=\"")
        html.raw(curve.points.map { precise($0.y) }.joined(separator: " "))
        html.raw("\">")
        let finite = places.compactMap { $0 }
        if curve.filled, let first = finite.first, let last = finite.last, finite.count > 1 {
            let outline = Coordinates.polyline(finite)
            html.raw(
                "<path class=\"fill\" d=\"\(outline)L\(Coordinates.text(last.x)) 1000L\(Coordinates.text(first.x)) 1000Z\"/>"
            )
        }
        if curve.dotted || finite.count == 1 {
            let dots = finite.map { "M\(Coordinates.text($0.x)) \(Coordinates.text($0.y))h0" }.joined()
            html.raw("<path class=\"dots\" d=\"\(dots)\"/>")
        } else {
            html.raw("<path class=\"curve\" d=\"\(Coordinates.polyline(places))\"/>")
        }
        html.raw("</g>")
        return html
    }

    /// A number for the script: whole when it is whole, at most six significant decimals otherwise, `x` for a gap.
    private func precise(_ value: Double) -> String {
        guard value.isFinite else { return "x" }
        if let whole = Int64(exactly: value) { return String(whole) }
        if abs(value) < 1e-6 || abs(value) >= 1e9 { return String(value) }
        return String((value * 1e6).rounded() / 1e6)
    }
}
