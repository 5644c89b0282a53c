/// One axis of a chart.
package struct PlotAxis: Sendable, Equatable {
    /// What it shows, with its unit.
    package let label: String
    /// From where to where it goes; nil for what the data need.
    package let range: ClosedRange<Double>?
    /// Whether equal ratios are equally far apart; an axis that reaches zero or below stays linear.
    package let isLogarithmic: Bool
    /// The names of 0, 1, 2 and so on, for an axis that does not count; empty for numbers.
    package let categories: [String]

    /// Makes an axis.
    package init(
        _ label: String,
        range: ClosedRange<Double>? = nil,
        isLogarithmic: Bool = false,
        categories: [String] = []
    ) {
        self.label = label
        self.range = range
        self.isLogarithmic = isLogarithmic
        self.categories = categories
    }

    /// The scale for those numbers, with a little room around them.
    func scale(_ values: some Sequence<Double>, from start: Double, to end: Double) -> PlotScale {
        if !categories.isEmpty {
            return PlotScale(low: -0.5, high: Double(categories.count) - 0.5, start: start, end: end)
        }
        if let range {
            return PlotScale(
                low: range.lowerBound,
                high: range.upperBound,
                start: start,
                end: end,
                isLogarithmic: isLogarithmic
            )
        }
        var (low, high) = (Double.infinity, -Double.infinity)
        for value in values where value.isFinite && (!isLogarithmic || value > 0) {
            (low, high) = (min(low, value), max(high, value))
        }
        guard low <= high else { return PlotScale(low: 0, high: 1, start: start, end: end) }
        if isLogarithmic { return PlotScale(low: low, high: high, start: start, end: end, isLogarithmic: true) }
        let room = (high - low) * 0.03
        return PlotScale(low: low - room, high: high + room, start: start, end: end)
    }

    /// The ticks of a scale and what is written at them.
    func ticks(_ scale: PlotScale, _ count: Int) -> [(value: Double, text: String)] {
        guard !categories.isEmpty else { return scale.ticks(count).map { ($0, NumberText.short($0)) } }
        let step = max(1, (categories.count + 19) / 20)
        return stride(from: 0, to: categories.count, by: step).map {
            (Double($0), SVGCanvas.label(categories[$0], limit: 14))
        }
    }
}
