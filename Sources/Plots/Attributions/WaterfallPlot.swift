#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Why one row got its prediction: from the average to its margin, one feature after the other.
package enum WaterfallPlot {
    private static let (left, top, rowHeight, plotWidth) = (280.0, 96.0, 30.0, 460.0)
    private static let mostSteps = 11

    private struct Step {
        let label: String
        let change: Double
    }

    /// Draws the plot of one row as SVG.
    package static func svg(_ explanation: Attributions, row: Int) -> [UInt8] {
        let steps = steps(explanation, row: row)
        let bottom = top + Double(steps.count) * rowHeight
        var canvas = SVGCanvas(width: left + plotWidth + 60, height: bottom + 66)
        let margin = explanation.margin(of: row)
        let isLogOdds = explanation.unit == "log-odds"
        let chance = isLogOdds ? ", probability \(NumberText.trimmed(1 / (1 + exp(-margin)), 4))" : ""
        canvas.text("Why this row was predicted so", 24, 32, size: 18, weight: 650)
        canvas.text(
            "row \(row + 1): \(explanation.unit) \(NumberText.short(margin))\(chance) of “\(explanation.output)”",
            24,
            54,
            fill: .muted
        )
        // Sums from the bottom up: the average first, the largest contribution last.
        var totals = [explanation.baseValue]
        for step in steps.reversed() { totals.append((totals.last ?? 0) + step.change) }
        let (low, high) = (totals.min() ?? 0, totals.max() ?? 1)
        let room = max(high - low, 1e-6) * 0.14
        let scale = PlotScale(low: low - room, high: high + room, start: left, end: left + plotWidth)
        axis(&canvas, scale, bottom, explanation.unit)
        for (index, step) in steps.enumerated() {
            let from = totals[steps.count - 1 - index]
            draw(&canvas, step, scale.place(of: from), scale.place(of: from + step.change), index)
        }
        mark(
            &canvas,
            scale.place(of: explanation.baseValue),
            "average \(NumberText.short(explanation.baseValue))",
            bottom
        )
        mark(&canvas, scale.place(of: margin), "this row \(NumberText.short(margin))", nil)
        return canvas.finish(title: "SHAP values of row \(row + 1), from the average to its prediction")
    }

    /// The largest contributions one by one, the others as one step at the bottom.
    private static func steps(_ explanation: Attributions, row: Int) -> [Step] {
        let width = explanation.featureNames.count
        let contributions = explanation.contributions[row * width..<(row + 1) * width].map { Double($0) }
        let order = contributions.indices.sorted { abs(contributions[$0]) > abs(contributions[$1]) }
        let single = order.count <= mostSteps ? order[...] : order.prefix(mostSteps - 1)
        var steps = single.map { feature in
            let value = NumberText.short(Double(explanation.values[row * width + feature]))
            return Step(
                label: "\(SVGCanvas.label(explanation.featureNames[feature])) = \(value)",
                change: contributions[feature]
            )
        }
        let rest = order.dropFirst(single.count)
        if !rest.isEmpty {
            steps.append(Step(label: "\(rest.count) other features", change: rest.reduce(0) { $0 + contributions[$1] }))
        }
        return steps
    }

    private static func axis(_ canvas: inout SVGCanvas, _ scale: PlotScale, _ bottom: Double, _ unit: String) {
        for tick in scale.ticks(6) {
            let x = scale.place(of: tick)
            canvas.line(x, top, x, bottom, stroke: .grid)
            canvas.text(
                NumberText.short(tick),
                x,
                bottom + 38,
                size: 11,
                fill: .muted,
                anchor: .middle
            )
        }
        canvas.text(
            unit,
            left + plotWidth / 2,
            bottom + 58,
            fill: .muted,
            anchor: .middle
        )
    }

    private static func draw(_ canvas: inout SVGCanvas, _ step: Step, _ from: Double, _ to: Double, _ index: Int) {
        let y = top + Double(index) * rowHeight
        let colour: Paint = step.change >= 0 ? .raises : .lowers
        canvas.text(step.label, left - 14, y + 20, size: 13, anchor: .end)
        arrow(&canvas, from, to, y + 5, rowHeight - 10, colour)
        let sign = step.change >= 0 ? "+" : "−"
        let text = sign + NumberText.short(abs(step.change))
        // The number goes where the bar points to, outside of it.
        canvas.text(
            text,
            to + (step.change >= 0 ? 6 : -6),
            y + 19,
            size: 12,
            fill: colour,
            anchor: step.change >= 0 ? .start : .end,
            weight: 600
        )
    }

    /// A bar with a tip at its end.
    private static func arrow(
        _ canvas: inout SVGCanvas,
        _ from: Double,
        _ to: Double,
        _ y: Double,
        _ height: Double,
        _ fill: Paint
    ) {
        let tip = min(8, abs(to - from)) * (to >= from ? 1 : -1)
        canvas.polygon(
            [
                PlotPoint(from, y), PlotPoint(to - tip, y), PlotPoint(to, y + height / 2),
                PlotPoint(to - tip, y + height), PlotPoint(from, y + height),
            ],
            fill: fill
        )
    }

    /// A dashed line with its name: below the plot for the average, above it for the row.
    private static func mark(_ canvas: inout SVGCanvas, _ x: Double, _ text: String, _ bottom: Double?) {
        let end = bottom ?? top + rowHeight
        canvas.line(
            x,
            bottom.map { $0 - rowHeight } ?? top - 8,
            x,
            end + (bottom == nil ? 0 : 8),
            stroke: .muted,
            dash: "3 3"
        )
        canvas.text(
            text,
            x,
            bottom.map { $0 + 22 } ?? top - 14,
            size: 11,
            fill: .muted,
            anchor: .middle,
            weight: 600
        )
    }
}
