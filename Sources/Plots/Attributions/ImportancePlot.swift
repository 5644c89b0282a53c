/// Which features matter: a bar for the mean size of each feature's contributions.
package enum ImportancePlot {
    private static let (left, top, rowHeight, barWidth) = (210.0, 76.0, 26.0, 420.0)

    /// Draws the plot as SVG.
    package static func svg(_ explanation: Attributions) -> [UInt8] {
        let shown = explanation.ranking.prefix(PlotsLimits.features)
        let importances = shown.map { explanation.importance(of: $0) }
        let bottom = top + Double(shown.count) * rowHeight
        var canvas = SVGCanvas(width: left + barWidth + 90, height: bottom + 58)
        canvas.text("What moves the predictions", 24, 32, size: 18, weight: 650)
        canvas.text(
            "mean |SHAP value| over \(explanation.rowCount) rows, \(explanation.unit) of “\(explanation.output)”",
            24,
            54,
            fill: .muted
        )
        let scale = PlotScale(low: 0, high: importances.max() ?? 1, start: left, end: left + barWidth)
        for tick in scale.ticks(4) {
            let x = scale.place(of: tick)
            canvas.line(x, top, x, bottom, stroke: .grid)
            canvas.text(
                NumberText.short(tick),
                x,
                bottom + 20,
                size: 11,
                fill: .muted,
                anchor: .middle
            )
        }
        for (row, feature) in shown.enumerated() {
            let y = top + Double(row) * rowHeight
            let length = scale.place(of: importances[row]) - left
            canvas.text(SVGCanvas.label(explanation.featureNames[feature]), left - 12, y + 18, size: 13, anchor: .end)
            canvas.rectangle(left, y + 4, max(1, length), rowHeight - 8, fill: .lowers, radius: 3)
            canvas.text(
                NumberText.short(importances[row]),
                left + length + 8,
                y + 18,
                size: 12,
                fill: .muted
            )
        }
        canvas.text(
            "mean |SHAP value|",
            left + barWidth / 2,
            bottom + 44,
            fill: .muted,
            anchor: .middle
        )
        return canvas.finish(title: "Mean absolute SHAP value of each feature")
    }
}
