/// How features move predictions: a dot for each row and feature, coloured by the feature's value.
package enum BeeswarmPlot {
    private static let (left, top, rowHeight, plotWidth) = (210.0, 76.0, 34.0, 470.0)
    private static let dot = 2.9

    /// Draws the plot as SVG.
    package static func svg(_ explanation: Attributions) -> [UInt8] {
        let shown = Array(explanation.ranking.prefix(PlotsLimits.features))
        let bottom = top + Double(shown.count) * rowHeight
        var canvas = SVGCanvas(width: left + plotWidth + 130, height: bottom + 62)
        canvas.text("How features move the predictions", 24, 32, size: 18, weight: 650)
        canvas.text(
            "one dot a row (\(explanation.rowCount)), \(explanation.unit) of “\(explanation.output)”",
            24,
            54,
            fill: .muted
        )
        let all = shown.flatMap { explanation.contributionColumn($0) }.filter(\.isFinite)
        let reach = max(all.map { abs($0) }.max() ?? 0, 1e-6) * 1.05
        let (low, high) = (
            max(-reach, (all.min() ?? 0) * 1.08 - reach * 0.02), min(reach, (all.max() ?? 0) * 1.08 + reach * 0.02)
        )
        let scale = PlotScale(low: low, high: high, start: left, end: left + plotWidth)
        axis(&canvas, scale, bottom)
        for (row, feature) in shown.enumerated() {
            let y = top + (Double(row) + 0.5) * rowHeight
            canvas.text(SVGCanvas.label(explanation.featureNames[feature]), left - 12, y + 5, size: 13, anchor: .end)
            canvas.line(left, y, left + plotWidth, y, stroke: .grid, dash: "2 4")
            swarm(&canvas, explanation, feature, y, scale)
        }
        legend(&canvas, bottom)
        return canvas.finish(title: "SHAP value of each feature in each row, coloured by the feature's value")
    }

    private static func axis(_ canvas: inout SVGCanvas, _ scale: PlotScale, _ bottom: Double) {
        for tick in scale.ticks(6) {
            let x = scale.place(of: tick)
            let colour: Paint = tick == 0 ? .muted : .grid
            canvas.line(x, top, x, bottom, stroke: colour)
            canvas.text(
                NumberText.short(tick),
                x,
                bottom + 20,
                size: 11,
                fill: .muted,
                anchor: .middle
            )
        }
        canvas.text(
            "SHAP value (moves the prediction)",
            left + plotWidth / 2,
            bottom + 46,
            fill: .muted,
            anchor: .middle
        )
    }

    /// Places dots side by side where they would cover each other, alternating above and below the line.
    private static func swarm(
        _ canvas: inout SVGCanvas,
        _ explanation: Attributions,
        _ feature: Int,
        _ y: Double,
        _ scale: PlotScale
    ) {
        let contributions = explanation.contributionColumn(feature)
        let ranks = RankShare.shares(explanation.column(feature))
        var crowd: [Int: Int] = [:]
        let most = Int((rowHeight / 2 - dot) / (dot * 0.9))
        for row in contributions.indices {
            let x = scale.place(of: contributions[row])
            let cell = Int((x / (dot * 1.7)).rounded())
            let seat = crowd[cell, default: 0]
            crowd[cell] = seat + 1
            let level = min((seat + 1) / 2, most)
            let offset = Double(level) * dot * 0.9 * (seat.isMultiple(of: 2) ? 1 : -1)
            let fill = ranks[row].map(Paint.ramp) ?? .missing
            canvas.circle(x, y + offset, dot, fill: fill)
        }
    }

    private static func legend(_ canvas: inout SVGCanvas, _ bottom: Double) {
        let x = left + plotWidth + 34
        let height = min(180, bottom - top - 40)
        let start = top + (bottom - top - height) / 2
        canvas.ramp(x, start, 12, height)
        canvas.text("high", x + 20, start + 10, size: 11, fill: .muted)
        canvas.text("low", x + 20, start + height, size: 11, fill: .muted)
        canvas.text("feature", x - 6, start - 26, size: 11, fill: .muted)
        canvas.text("value", x - 6, start - 12, size: 11, fill: .muted)
    }
}
