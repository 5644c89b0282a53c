/// A value over two numbers: shaded cells, lines of equal value, and the points it was learned from.
package struct ContourPlot: Sendable {
    private let title: String
    private let subtitle: String
    private let x: PlotAxis
    private let y: PlotAxis
    private let xs: [Double]
    private let ys: [Double]
    private let values: [Double]
    private let valueName: String
    private let points: [PlotPoint]

    /// Makes a chart; a grid beyond `PlotsLimits.cells`, or one that does not fit, is not drawn.
    ///
    /// - Parameters:
    ///   - title: the heading.
    ///   - subtitle: what is said below it.
    ///   - x: the horizontal axis.
    ///   - y: the vertical axis.
    ///   - xs: the grid's columns, rising.
    ///   - ys: the grid's rows, rising.
    ///   - values: rows × columns, row-major; NaN where nothing is known.
    ///   - valueName: what the value is.
    ///   - points: marks on top, such as trials.
    package init(
        title: String,
        subtitle: String = "",
        x: PlotAxis,
        y: PlotAxis,
        xs: [Double],
        ys: [Double],
        values: [Double],
        valueName: String,
        points: [PlotPoint] = []
    ) {
        self.title = title
        self.subtitle = subtitle
        self.x = x
        self.y = y
        let fits = values.count == xs.count * ys.count && values.count <= PlotsLimits.cells
        self.xs = fits ? xs : []
        self.ys = fits ? ys : []
        self.values = fits ? values : []
        self.valueName = valueName
        self.points = Thinning.indices(points.count, limit: PlotsLimits.points).map { points[$0] }
    }

    /// Draws the chart as SVG.
    package func svg() -> [UInt8] {
        let corners = [xs.first, xs.last].compactMap { $0 }.flatMap { x in
            [ys.first, ys.last].compactMap { $0 }.map { PlotPoint(x, $0) }
        }
        var frame = PlotFrame(
            title: title,
            subtitle: subtitle,
            x: x,
            y: y,
            points: corners + points,
            margin: 110,
            isGridded: false
        )
        let known = values.filter(\.isFinite)
        if let low = known.min(), let high = known.max() {
            let scale = PlotScale(low: low, high: high, start: 0, end: 1)
            shade(&frame, scale)
            for level in scale.ticks(8) { outline(&frame, level) }
            frame.canvas.rampLegend(
                PlotFrame.left + PlotFrame.plotWidth + 24,
                PlotFrame.top + 40,
                PlotFrame.plotHeight - 80,
                low: NumberText.short(low),
                high: NumberText.short(high),
                name: valueName
            )
        }
        for point in points.map({ frame.place($0) }) where point.isFinite && frame.holds(point) {
            frame.canvas.circle(point.x, point.y, 3, fill: .ink, opacity: 0.7)
        }
        return frame.canvas.finish(title: title, description: "\(valueName) over \(x.label) and \(y.label).")
    }

    private func value(_ row: Int, _ column: Int) -> Double { values[row * xs.count + column] }

    /// Cells between the grid's points, each in parts between its corners.
    private func shade(_ frame: inout PlotFrame, _ scale: PlotScale) {
        guard xs.count > 1, ys.count > 1 else { return }
        let parts = xs.count * ys.count > 1600 ? 1 : 3
        for row in 0..<ys.count - 1 {
            for column in 0..<xs.count - 1 {
                let corners = (
                    value(row, column), value(row, column + 1), value(row + 1, column), value(row + 1, column + 1)
                )
                let low = frame.place(PlotPoint(xs[column], ys[row]))
                let high = frame.place(PlotPoint(xs[column + 1], ys[row + 1]))
                let (width, height) = ((high.x - low.x) / Double(parts), (low.y - high.y) / Double(parts))
                for part in 0..<parts * parts {
                    let across = (Double(part % parts) + 0.5) / Double(parts)
                    let up = (Double(part / parts) + 0.5) / Double(parts)
                    let bottom = corners.0 + (corners.1 - corners.0) * across
                    let top = corners.2 + (corners.3 - corners.2) * across
                    let middle = bottom + (top - bottom) * up
                    guard middle.isFinite else { continue }
                    frame.canvas.rectangle(
                        low.x + Double(part % parts) * width,
                        low.y - Double(part / parts + 1) * height,
                        width + 0.4,
                        height + 0.4,
                        fill: .ramp(scale.place(of: middle))
                    )
                }
            }
        }
    }

    /// The line of one level: where it crosses the sides of each cell.
    private func outline(_ frame: inout PlotFrame, _ level: Double) {
        guard xs.count > 1, ys.count > 1 else { return }
        for row in 0..<ys.count - 1 {
            for column in 0..<xs.count - 1 {
                let corners = [
                    (PlotPoint(xs[column], ys[row]), value(row, column)),
                    (PlotPoint(xs[column + 1], ys[row]), value(row, column + 1)),
                    (PlotPoint(xs[column + 1], ys[row + 1]), value(row + 1, column + 1)),
                    (PlotPoint(xs[column], ys[row + 1]), value(row + 1, column)),
                ].map { (frame.place($0.0), $0.1) }
                guard corners.allSatisfy({ $0.1.isFinite }) else { continue }
                var crossings: [PlotPoint] = []
                for side in 0..<4 {
                    let (from, to) = (corners[side], corners[(side + 1) % 4])
                    guard (from.1 < level) != (to.1 < level) else { continue }
                    let share = (level - from.1) / (to.1 - from.1)
                    crossings.append(
                        PlotPoint(
                            from.0.x + (to.0.x - from.0.x) * share,
                            from.0.y + (to.0.y - from.0.y) * share
                        )
                    )
                }
                for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
                    let (one, other) = (crossings[pair], crossings[pair + 1])
                    frame.canvas.line(one.x, one.y, other.x, other.y, stroke: .contrast, width: 0.8)
                }
            }
        }
    }
}
