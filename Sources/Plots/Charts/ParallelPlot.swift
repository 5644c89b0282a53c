/// Parallel coordinates: an axis for each parameter, a line for each trial, coloured by how good it was.
package struct ParallelPlot: Sendable {
    private static let (left, top, height) = (70.0, 110.0, 320.0)
    private let title: String
    private let subtitle: String
    private let axes: [PlotAxis]
    private let rows: [[Double]]
    private let values: [Double]
    private let valueName: String
    private let isLowGood: Bool

    /// Makes a chart; axes beyond `PlotsLimits.parallelAxes` are left out, lines are thinned out.
    ///
    /// - Parameters:
    ///   - title: the heading.
    ///   - subtitle: what is said below it.
    ///   - axes: one for each parameter; one with categories shows their names.
    ///   - rows: for each trial a number for each axis; NaN where the trial had none.
    ///   - values: for each trial what colours it; NaN is missing.
    ///   - valueName: what that is.
    ///   - isLowGood: whether small values are drawn last, so that they lie on top.
    package init(
        title: String,
        subtitle: String = "",
        axes: [PlotAxis],
        rows: [[Double]],
        values: [Double],
        valueName: String,
        isLowGood: Bool = false
    ) {
        self.title = title
        self.subtitle = subtitle
        self.axes = Array(axes.prefix(PlotsLimits.parallelAxes))
        let whole = zip(rows, values).filter { $0.0.count == axes.count }
        let limit = PlotsLimits.points / max(1, self.axes.count)
        let kept = Thinning.indices(whole.count, limit: limit).map { whole[$0] }
        self.rows = kept.map { Array($0.0.prefix(PlotsLimits.parallelAxes)) }
        self.values = kept.map(\.1)
        self.valueName = valueName
        self.isLowGood = isLowGood
    }

    /// Draws the chart as SVG.
    package func svg() -> [UInt8] {
        let (left, top, bottom) = (Self.left, Self.top, Self.top + Self.height)
        let gap = axes.count > 1 ? max(90, 620 / Double(axes.count - 1)) : 0
        let right = left + gap * Double(max(0, axes.count - 1))
        var canvas = SVGCanvas(width: max(520, right + 150), height: bottom + 36)
        canvas.heading(title, subtitle)
        let scales = axes.enumerated().map { index, axis in
            axis.scale(rows.lazy.map { $0[index] }, from: bottom, to: top)
        }
        let shares = RankShare.shares(values)
        let worstFirst = rows.indices.sorted {
            let (first, second) = (shares[$0] ?? -1, shares[$1] ?? -1)
            return isLowGood ? (first, $0) > (second, $1) : (first, $0) < (second, $1)
        }
        for row in worstFirst {
            let points = rows[row].enumerated().map { index, value in
                PlotPoint(left + gap * Double(index), scales[index].place(of: value))
            }
            let opacity = rows.count > 300 ? 0.25 : 0.5
            canvas.polyline(points, stroke: shares[row].map(Paint.ramp) ?? .missing, width: 1.5, opacity: opacity)
        }
        for (index, axis) in axes.enumerated() {
            let x = left + gap * Double(index)
            canvas.line(x, top, x, bottom, stroke: .muted)
            let limit = max(8, Int(gap / 6.5))
            canvas.text(SVGCanvas.label(axis.label, limit: limit), x, top - 16, anchor: .middle, weight: 600)
            for tick in axis.ticks(scales[index], 5) {
                let y = scales[index].place(of: tick.value)
                canvas.line(x - 4, y, x, y, stroke: .muted)
                canvas.text(tick.text, x - 7, y + 4, size: 10, fill: .muted, anchor: .end)
            }
        }
        let known = values.filter(\.isFinite)
        if let low = known.min(), let high = known.max() {
            canvas.rampLegend(
                right + 36,
                top + 20,
                Self.height - 40,
                low: NumberText.short(low),
                high: NumberText.short(high),
                name: valueName
            )
        }
        let names = axes.map(\.label).joined(separator: ", ")
        return canvas.finish(title: title, description: "\(rows.count) trials over \(names), coloured by \(valueName).")
    }
}
