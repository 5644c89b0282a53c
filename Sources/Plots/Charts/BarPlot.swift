/// Bars that lie, one for each name.
package struct BarPlot: Sendable {
    /// One bar.
    package struct Bar: Sendable {
        /// What it stands for.
        package let name: String
        /// How long it is; below zero it points to the left.
        package let value: Double
        /// How sure the value is; nil when nobody asked.
        package let interval: ClosedRange<Double>?

        /// Makes a bar.
        package init(_ name: String, _ value: Double, interval: ClosedRange<Double>? = nil) {
            self.name = name
            self.value = value
            self.interval = interval
        }
    }

    private static let (left, top, rowHeight, barWidth) = (210.0, 76.0, 26.0, 420.0)
    private let title: String
    private let subtitle: String
    private let label: String
    private let bars: [Bar]

    /// Makes a chart; bars are drawn in the order given, up to `PlotsLimits.bars`.
    ///
    /// - Parameters:
    ///   - title: the heading.
    ///   - subtitle: what is said below it.
    ///   - label: what the length means.
    ///   - bars: from top to bottom.
    package init(title: String, subtitle: String = "", label: String, bars: [Bar]) {
        self.title = title
        self.label = label
        self.bars = Array(bars.prefix(PlotsLimits.bars))
        let left = bars.count - self.bars.count
        self.subtitle = left > 0 ? "\(subtitle) (\(left) more are not shown)" : subtitle
    }

    /// Draws the chart as SVG.
    package func svg() -> [UInt8] {
        let (left, top, rowHeight) = (Self.left, Self.top, Self.rowHeight)
        let bottom = top + Double(max(1, bars.count)) * rowHeight
        var canvas = SVGCanvas(width: left + Self.barWidth + 100, height: bottom + 58)
        canvas.heading(title, subtitle)
        var ends = bars.map(\.value)
        for bar in bars { ends += bar.interval.map { [$0.lowerBound, $0.upperBound] } ?? [] }
        let finite = ends.filter(\.isFinite)
        let scale = PlotScale(
            low: min(0, finite.min() ?? 0),
            high: max(0, finite.max() ?? 1),
            start: left,
            end: left + Self.barWidth
        )
        for tick in scale.ticks(5) {
            let x = scale.place(of: tick)
            canvas.line(x, top, x, bottom, stroke: .grid)
            canvas.text(NumberText.short(tick), x, bottom + 20, size: 11, fill: .muted, anchor: .middle)
        }
        let zero = scale.place(of: 0)
        for (row, bar) in bars.enumerated() {
            let y = top + Double(row) * rowHeight
            canvas.text(SVGCanvas.label(bar.name), left - 12, y + 18, size: 13, anchor: .end)
            draw(bar, y, zero, scale, &canvas)
        }
        if scale.low < 0 { canvas.line(zero, top, zero, bottom, stroke: .muted) }
        canvas.text(label, left + Self.barWidth / 2, bottom + 44, fill: .muted, anchor: .middle)
        let first = bars.first.map { "\($0.name): \(NumberText.short($0.value))" } ?? "nothing"
        return canvas.finish(title: title, description: "\(label) of \(bars.count) bars, beginning with \(first).")
    }

    private func draw(_ bar: Bar, _ y: Double, _ zero: Double, _ scale: PlotScale, _ canvas: inout SVGCanvas) {
        guard bar.value.isFinite else {
            canvas.text("missing", zero + 8, y + 18, size: 12, fill: .muted)
            return
        }
        let end = scale.place(of: bar.value)
        canvas.rectangle(
            min(zero, end),
            y + 4,
            max(1, abs(end - zero)),
            Self.rowHeight - 8,
            fill: bar.value < 0 ? .raises : .lowers,
            radius: 3,
            tip: "\(bar.name): \(bar.value)"
        )
        var edge = max(end, zero)
        if let interval = bar.interval, interval.lowerBound.isFinite, interval.upperBound.isFinite {
            let (low, high) = (scale.place(of: interval.lowerBound), scale.place(of: interval.upperBound))
            let middle = y + Self.rowHeight / 2
            canvas.line(low, middle, high, middle, stroke: .ink, width: 1.5)
            for place in [low, high] { canvas.line(place, middle - 4, place, middle + 4, stroke: .ink, width: 1.5) }
            edge = max(edge, high)
        }
        canvas.text(NumberText.short(bar.value), edge + 8, y + 18, size: 12, fill: .muted)
    }
}
