import Foundation

/// Where values lie in a plot: the ranges of both axes, the y axis logarithmic or not.
struct PlotAxes {
    let x: ClosedRange<Double>
    /// In the axis' own measure: the logarithm on a logarithmic axis.
    let y: ClosedRange<Double>
    let isLogarithmic: Bool

    /// The axes that hold every value that can be shown; nil if there is none.
    init?(_ series: [PlotSeries], isLogarithmic: Bool) {
        self.isLogarithmic = isLogarithmic
        let shown = series.flatMap(\.points).filter { Self.measure($0.y, isLogarithmic) != nil }
        let values = shown.compactMap { Self.measure($0.y, isLogarithmic) }
        guard let left = shown.map(\.x).min(), let right = shown.map(\.x).max(), let low = values.min(),
            let high = values.max()
        else { return nil }
        x = left < right ? left...right : (left - 0.5)...(right + 0.5)
        let room = low < high ? 0 : max(abs(low) * 0.05, 0.5)
        y = (low - room)...(high + room)
    }

    private static func measure(_ value: Double, _ isLogarithmic: Bool) -> Double? {
        // MLflow's infinities are the largest numbers there are; they would press everything else flat.
        guard value.isFinite, abs(value) < Double.greatestFiniteMagnitude else { return nil }
        guard isLogarithmic else { return value }
        return value > 0 ? log10(value) : nil
    }

    /// The place of a point from the left and from the bottom, 0 to 1; nil if it cannot be shown.
    func place(_ point: PlotSeries.Point) -> (x: Double, y: Double)? {
        guard let value = Self.measure(point.y, isLogarithmic), point.x.isFinite else { return nil }
        return (
            Self.fraction(of: point.x, in: x), Self.fraction(of: value, in: y)
        )
    }

    private static func fraction(of value: Double, in range: ClosedRange<Double>) -> Double {
        // Halves, because the width of a range of doubles may be more than the largest double.
        let width = range.upperBound / 2 - range.lowerBound / 2
        return width > 0 ? (value / 2 - range.lowerBound / 2) / width : 0.5
    }

    /// The value at a height from 0 to 1.
    func value(at height: Double) -> Double {
        let measure = y.lowerBound * (1 - height) + y.upperBound * height
        return isLogarithmic ? pow(10, measure) : measure
    }

    /// A number in few characters, for an axis.
    static func label(_ value: Double) -> String {
        if value == 0 { return "0" }
        let size = abs(value)
        if size >= 1e6 || size < 1e-3 { return String(format: "%.2e", value) }
        let digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 4
        return String(format: "%.\(digits)f", value)
    }
}
