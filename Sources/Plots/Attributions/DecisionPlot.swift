/// How rows come from the average to their predictions: a line for each row, features from the least to the most
/// important.
package enum DecisionPlot {
    /// Most rows that are drawn.
    private static let mostRows = 200

    /// Draws the plot as SVG.
    package static func svg(_ explanation: Attributions) -> [UInt8] {
        let width = explanation.featureNames.count
        let ranking = explanation.ranking
        let shown = ranking.prefix(PlotsLimits.features).reversed()
        let rest = ranking.dropFirst(PlotsLimits.features)
        let rows = Thinning.indices(explanation.rowCount, limit: mostRows)
        let (left, top, rowHeight, plotWidth) = (210.0, 76.0, 28.0, 470.0)
        let bottom = top + Double(shown.count) * rowHeight
        var paths: [[Double]] = []
        for row in rows {
            var total = explanation.baseValue
            for feature in rest { total += Double(explanation.contributions[row * width + feature]) }
            var path = [total]
            for feature in shown {
                total += Double(explanation.contributions[row * width + feature])
                path.append(total)
            }
            paths.append(path)
        }
        let all = paths.flatMap { $0 }.filter(\.isFinite)
        let (low, high) = (all.min() ?? 0, all.max() ?? 1)
        let scale = PlotScale(low: low, high: high, start: left, end: left + plotWidth)
        var canvas = SVGCanvas(width: left + plotWidth + 40, height: bottom + 62)
        canvas.heading(
            "How rows come to their predictions",
            "one line a row (\(rows.count)), \(explanation.unit) of “\(explanation.output)”"
        )
        for tick in scale.ticks(6) {
            let x = scale.place(of: tick)
            canvas.line(x, top, x, bottom, stroke: .grid)
            canvas.text(NumberText.short(tick), x, bottom + 20, size: 11, fill: .muted, anchor: .middle)
        }
        for (place, feature) in shown.enumerated() {
            let y = bottom - (Double(place) + 0.5) * rowHeight
            canvas.text(SVGCanvas.label(explanation.featureNames[feature]), left - 12, y + 4, size: 13, anchor: .end)
        }
        let base = scale.place(of: explanation.baseValue)
        canvas.line(base, top, base, bottom, stroke: .muted, dash: "3 3")
        for path in paths {
            let points = path.enumerated().map {
                PlotPoint(scale.place(of: $0.element), bottom - Double($0.offset) * rowHeight)
            }
            let share = high > low ? ((path.last ?? low) - low) / (high - low) : 0.5
            canvas.polyline(points, stroke: .ramp(share), width: 1.4, opacity: rows.count > 50 ? 0.4 : 0.75)
        }
        canvas.text(explanation.unit, left + plotWidth / 2, bottom + 46, fill: .muted, anchor: .middle)
        return canvas.finish(
            title: "How \(rows.count) rows come from the average to their predictions",
            description: "The dashed line is the average, \(NumberText.short(explanation.baseValue))."
        )
    }
}
