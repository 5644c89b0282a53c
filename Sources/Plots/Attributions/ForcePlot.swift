/// One row on one line: what raises its prediction pushes from the left, what lowers it from the right.
package enum ForcePlot {
    private static let (left, plotWidth, middle, height) = (40.0, 720.0, 118.0, 34.0)

    /// Draws the plot of one row as SVG.
    package static func svg(_ explanation: Attributions, row: Int) -> [UInt8] {
        guard row >= 0, row < explanation.rowCount else { return [] }
        let width = explanation.featureNames.count
        let moves = (0..<width).map { Double(explanation.contributions[row * width + $0]) }
        let up = moves.indices.filter { moves[$0] > 0 }.sorted { (-moves[$0], $0) < (-moves[$1], $1) }
        let down = moves.indices.filter { moves[$0] < 0 }.sorted { (moves[$0], $0) < (moves[$1], $1) }
        let margin = explanation.margin(of: row)
        let (raised, lowered) = (up.reduce(0) { $0 + moves[$1] }, down.reduce(0) { $0 - moves[$1] })
        let room = max(raised + lowered, 1e-9) * 0.04
        let scale = PlotScale(
            low: min(margin - raised, explanation.baseValue) - room,
            high: max(margin + lowered, explanation.baseValue) + room,
            start: left,
            end: left + plotWidth
        )
        var canvas = SVGCanvas(width: left * 2 + plotWidth, height: 250)
        canvas.heading(
            "What pushed this prediction",
            "row \(row + 1): \(explanation.unit) \(NumberText.short(margin)) of “\(explanation.output)”,"
                + " average \(NumberText.short(explanation.baseValue))"
        )
        for tick in scale.ticks(8) {
            let x = scale.place(of: tick)
            canvas.line(x, middle + height, x, middle + height + 6, stroke: .muted)
            canvas.text(NumberText.short(tick), x, middle + height + 20, size: 11, fill: .muted, anchor: .middle)
        }
        let labels = Labels(explanation: explanation, row: row, moves: moves)
        draw(up, from: margin, sign: -1, labels, scale, &canvas)
        draw(down, from: margin, sign: 1, labels, scale, &canvas)
        for (value, text) in [(explanation.baseValue, "average"), (margin, "this row")] {
            let x = scale.place(of: value)
            canvas.line(x, middle - 22, x, middle + height, stroke: .ink, dash: "3 3")
            canvas.text(
                "\(text) \(NumberText.short(value))",
                x,
                middle - (value == margin ? 28 : 12),
                size: 11,
                anchor: value == margin ? .middle : x > left + plotWidth / 2 ? .end : .start,
                weight: value == margin ? 650 : 400
            )
        }
        return canvas.finish(
            title: "What raised and lowered the prediction of row \(row + 1)",
            description: "Up by \(NumberText.short(raised)), down by \(NumberText.short(lowered))."
        )
    }

    private struct Labels {
        let explanation: Attributions
        let row: Int
        let moves: [Double]

        func text(_ feature: Int) -> String {
            let value = Double(explanation.values[row * explanation.featureNames.count + feature])
            return "\(SVGCanvas.label(explanation.featureNames[feature], limit: 22)) = \(NumberText.short(value))"
        }
    }

    /// Blocks from the prediction outwards, the largest first; names below those that have room.
    private static func draw(
        _ features: [Int],
        from margin: Double,
        sign: Double,
        _ labels: Labels,
        _ scale: PlotScale,
        _ canvas: inout SVGCanvas
    ) {
        var edge = margin
        var shown = 0
        for feature in features {
            let next = edge + sign * abs(labels.moves[feature])
            let (from, to) = (scale.place(of: edge), scale.place(of: next))
            let tip = min(7, abs(to - from) / 2) * (sign < 0 ? 1 : -1)
            let paint: Paint = sign < 0 ? .raises : .lowers
            let (top, bottom) = (middle, middle + height)
            canvas.polygon(
                [
                    PlotPoint(to, top), PlotPoint(from - tip, top), PlotPoint(from, (top + bottom) / 2),
                    PlotPoint(from - tip, bottom), PlotPoint(to, bottom), PlotPoint(to + tip, (top + bottom) / 2),
                ],
                fill: paint,
                opacity: shown.isMultiple(of: 2) ? 0.9 : 0.7,
                tip: "\(labels.text(feature)): \(NumberText.short(labels.moves[feature]))"
            )
            if shown < 4 {
                let y = middle + height + 42 + Double(shown) * 16
                let x = min(max((from + to) / 2, left + 8), left + plotWidth - 8)
                canvas.text(
                    labels.text(feature),
                    x,
                    y,
                    size: 11,
                    fill: paint,
                    anchor: x < left + 160 ? .start : x > left + plotWidth - 160 ? .end : sign < 0 ? .end : .start
                )
            }
            shown += 1
            edge = next
        }
    }
}
