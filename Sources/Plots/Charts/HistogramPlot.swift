/// How often values occur, for one or a few groups on the same bins.
package struct HistogramPlot: Sendable {
    private let title: String
    private let subtitle: String
    private let label: String
    private let groups: [(name: String, values: [Double])]
    private let bins: Int

    /// Makes a chart; values that are not finite are left out and counted.
    ///
    /// - Parameters:
    ///   - title: the heading.
    ///   - subtitle: what is said below it.
    ///   - label: what the values are.
    ///   - groups: the values by name; up to eight groups are drawn.
    ///   - bins: how many bins; nil for as many as suit the values.
    package init(
        title: String,
        subtitle: String = "",
        label: String,
        groups: [(name: String, values: [Double])],
        bins: Int? = nil
    ) {
        self.title = title
        self.label = label
        self.groups = groups.prefix(8).map { ($0.name, $0.values.filter(\.isFinite)) }
        let all = groups.reduce(0) { $0 + $1.values.count }
        let left = all - self.groups.reduce(0) { $0 + $1.values.count }
        self.subtitle = left > 0 ? "\(subtitle) (\(left) values are missing)" : subtitle
        let largest = self.groups.map(\.values.count).max() ?? 0
        let suited = max(5, Int(Double(largest).squareRoot().rounded()))
        self.bins = min(PlotsLimits.bins, max(1, bins ?? min(40, suited)))
    }

    /// Draws the chart as SVG.
    package func svg() -> [UInt8] {
        let all = groups.flatMap(\.values)
        let (low, high) = (all.min() ?? 0, all.max() ?? 1)
        let range = PlotScale(low: low, high: high, start: 0, end: Double(bins))
        let counts = groups.map { group in
            var counts = [Double](repeating: 0, count: bins)
            for value in group.values {
                counts[min(bins - 1, max(0, Int(range.place(of: value))))] += 1
            }
            let total = Double(max(1, group.values.count))
            return groups.count > 1 ? counts.map { $0 / total } : counts
        }
        let most = counts.flatMap { $0 }.max() ?? 1
        let width = (range.high - range.low) / Double(bins)
        var frame = PlotFrame(
            title: title,
            subtitle: subtitle,
            x: PlotAxis(label, range: range.low...range.high),
            y: PlotAxis(groups.count > 1 ? "share of rows" : "rows", range: 0...max(most * 1.05, 1e-9)),
            points: all.isEmpty ? [] : [PlotPoint(range.low, 0)],
            legend: groups.count > 1
                ? groups.enumerated().map {
                    PlotFrame.Entry(name: $0.element.name, paint: .series($0.offset), isLine: false)
                } : []
        )
        for (index, counts) in counts.enumerated() {
            for (bin, count) in counts.enumerated() where count > 0 {
                let start = range.low + Double(bin) * width
                let (left, right) = (frame.x.place(of: start), frame.x.place(of: start + width))
                let (top, bottom) = (frame.y.place(of: count), frame.y.place(of: 0))
                frame.canvas.rectangle(
                    left + 0.5,
                    top,
                    right - left - 1,
                    bottom - top,
                    fill: .series(index),
                    opacity: groups.count > 1 ? 0.5 : 0.85,
                    tip: "\(NumberText.short(start)) to \(NumberText.short(start + width)): \(NumberText.short(count))"
                )
            }
        }
        return frame.canvas.finish(title: title, description: "\(all.count) values of \(label) in \(bins) bins.")
    }
}
