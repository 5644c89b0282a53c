#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Maps numbers to places along an axis and finds round numbers for its ticks.
package struct PlotScale: Sendable {
    /// The smallest number.
    package let low: Double
    /// The largest number.
    package let high: Double
    /// Where the smallest number is drawn.
    package let start: Double
    /// Where the largest number is drawn.
    package let end: Double
    /// Whether equal ratios, not equal differences, are equally far apart.
    package let isLogarithmic: Bool

    /// An axis from `low` to `high`, drawn from `start` to `end`; an empty range is widened.
    ///
    /// A range that is not finite becomes 0 to 1; a logarithmic one that reaches zero or below is drawn linearly.
    package init(low: Double, high: Double, start: Double, end: Double, isLogarithmic: Bool = false) {
        var (low, high) = low.isFinite && high.isFinite && (high - low).isFinite ? (low, high) : (0, 1)
        self.isLogarithmic = isLogarithmic && low > 0
        if !(high > low) {
            let room = max(0.5, abs(low) * 0.01)
            (low, high) = self.isLogarithmic ? (low / 2, low * 2) : (low - room, low + room)
        }
        self.low = low
        self.high = high
        self.start = start
        self.end = end
    }

    /// Where a number is drawn; not finite for one that has no place.
    package func place(of value: Double) -> Double {
        guard isLogarithmic else { return start + (value - low) / (high - low) * (end - start) }
        guard value > 0 else { return .nan }
        return start + (log(value) - log(low)) / (log(high) - log(low)) * (end - start)
    }

    /// About `count` round numbers within the range: multiples of 1, 2 or 5 times a power of ten.
    package func ticks(_ count: Int) -> [Double] {
        if isLogarithmic, high / low >= 10 { return decades(count) }
        let rough = (high - low) / Double(max(1, count))
        let power = pow(10, log10(rough).rounded(.down))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? rough
        guard step > 0, step.isFinite else { return [] }
        let first = (low / step).rounded(.up)
        guard first.isFinite, abs(first) < 1e15 else { return [] }
        return (0..<2 * count + 2).map { (first + Double($0)) * step }.filter { $0 <= high + step * 1e-9 }
    }

    private func decades(_ count: Int) -> [Double] {
        let (first, last) = (Int(log10(low).rounded(.down)), Int(log10(high).rounded(.up)))
        let step = max(1, (last - first) / max(1, count))
        let factors = last - first <= 2 ? [1.0, 2, 5] : [1.0]
        let (least, most) = (low * (1 - 1e-9), high * (1 + 1e-9))
        var ticks: [Double] = []
        for exponent in stride(from: first, through: last, by: step) {
            let power = pow(10, Double(exponent))
            for factor in factors where factor * power >= least && factor * power <= most {
                ticks.append(factor * power)
            }
        }
        return ticks
    }
}
