/// Lines over a number or a time, with bands of uncertainty.
package struct LinePlot: Sendable {
    /// How a line is drawn.
    package enum Style: Sendable {
        /// In a colour of its own.
        case plain
        /// In a colour of its own, with a dot at each point.
        case dotted
        /// Grey and dashed, to compare with.
        case reference
        /// Thin and grey, one of many; it has no name in the legend.
        case faint
    }

    /// One line.
    package struct Line: Sendable {
        /// The name in the legend; empty for none.
        package let name: String
        /// In order of x; one that is not finite interrupts the line.
        package let points: [PlotPoint]
        /// The ends of an interval at each point; empty for none.
        package let band: [ClosedRange<Double>]
        /// How it is drawn.
        package let style: Style

        /// Makes a line.
        package init(
            _ name: String,
            _ points: [PlotPoint],
            band: [ClosedRange<Double>] = [],
            style: Style = .plain
        ) {
            self.name = name
            self.points = points
            self.band = band.count == points.count ? band : []
            self.style = style
        }
    }

    private let title: String
    private let subtitle: String
    private let x: PlotAxis
    private let y: PlotAxis
    private let lines: [Line]

    /// Makes a chart; lines beyond `PlotsLimits.series`, and faint ones beyond the limit of points, are left out.
    package init(title: String, subtitle: String = "", x: PlotAxis, y: PlotAxis, lines: [Line]) {
        self.title = title
        self.x = x
        self.y = y
        let named = lines.filter { $0.style != .faint }
        let faint = lines.filter { $0.style == .faint }.prefix(1000)
        let shown = Array(faint) + named.prefix(PlotsLimits.series)
        let left = named.count - min(named.count, PlotsLimits.series)
        self.subtitle = left > 0 ? "\(subtitle) (\(left) lines more are not shown)" : subtitle
        let total = shown.reduce(0) { $0 + $1.points.count }
        self.lines =
            total <= PlotsLimits.points
            ? shown : shown.map { $0.thinned(max(4, PlotsLimits.points / max(1, shown.count))) }
    }

    /// Draws the chart as SVG.
    package func svg() -> [UInt8] {
        let paints = Self.paints(lines)
        let legend = zip(lines, paints).filter { $0.0.style != .faint && !$0.0.name.isEmpty }.map {
            PlotFrame.Entry(name: $0.0.name, paint: $0.1)
        }
        var points = lines.flatMap(\.points)
        for line in lines {
            for (point, range) in zip(line.points, line.band) {
                points.append(PlotPoint(point.x, range.lowerBound))
                points.append(PlotPoint(point.x, range.upperBound))
            }
        }
        var frame = PlotFrame(
            title: title,
            subtitle: subtitle,
            x: x,
            y: y,
            points: points,
            legend: legend.count > 1 ? legend : []
        )
        for (line, paint) in zip(lines, paints) { frame.draw(line, paint) }
        let names = lines.prefix { _ in true }.filter { !$0.name.isEmpty }.map(\.name).joined(separator: ", ")
        return frame.canvas.finish(title: title, description: "\(y.label) over \(x.label). \(names)")
    }

    private static func paints(_ lines: [Line]) -> [Paint] {
        var next = 0
        return lines.map { line in
            switch line.style {
            case .faint, .reference: return .muted
            case .plain, .dotted:
                next += 1
                return .series(next - 1)
            }
        }
    }
}

extension LinePlot.Line {
    fileprivate func thinned(_ limit: Int) -> Self {
        guard points.count > limit else { return self }
        guard !band.isEmpty else { return Self(name, Thinning.line(points, limit: limit), style: style) }
        let kept = Thinning.indices(points.count, limit: limit)
        return Self(name, kept.map { points[$0] }, band: kept.map { band[$0] }, style: style)
    }
}

extension PlotFrame {
    /// Draws a line with its band.
    mutating func draw(_ line: LinePlot.Line, _ paint: Paint) {
        let places = line.points.map(place)
        if !line.band.isEmpty {
            let low = zip(line.points, line.band).map { place(PlotPoint($0.x, $1.lowerBound)) }
            let high = zip(line.points, line.band).map { place(PlotPoint($0.x, $1.upperBound)) }
            canvas.polygon(low + high.reversed(), fill: paint, opacity: 0.16)
        }
        switch line.style {
        case .plain: canvas.polyline(places, stroke: paint)
        case .dotted:
            canvas.polyline(places, stroke: paint)
            for place in places where place.isFinite { canvas.circle(place.x, place.y, 3, fill: paint, opacity: 1) }
        case .reference: canvas.polyline(places, stroke: paint, width: 1, dash: "5 4")
        case .faint: canvas.polyline(places, stroke: paint, width: 1, opacity: 0.22)
        }
    }
}
