#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Maps numbers to places along an axis and finds round numbers for its ticks.
struct PlotScale {
    let low: Double
    let high: Double
    let start: Double
    let end: Double

    /// An axis from `low` to `high`, drawn from `start` to `end`; an empty range is widened.
    init(low: Double, high: Double, start: Double, end: Double) {
        let isEmpty = !(high > low)
        self.low = isEmpty ? low - 0.5 : low
        self.high = isEmpty ? low + 0.5 : high
        self.start = start
        self.end = end
    }

    func place(of value: Double) -> Double {
        start + (value - low) / (high - low) * (end - start)
    }

    /// About `count` multiples of 1, 2 or 5 times a power of ten within the range.
    func ticks(_ count: Int) -> [Double] {
        let rough = (high - low) / Double(max(1, count))
        let power = pow(10, log10(rough).rounded(.down))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough } ?? rough
        guard step > 0, step.isFinite else { return [] }
        let first = (low / step).rounded(.up)
        return (0..<2 * count + 2).map { (first + Double($0)) * step }.filter { $0 <= high + step * 1e-9 }
    }
}
