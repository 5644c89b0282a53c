#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The interval in which a numeric parameter is searched.
package struct NumericRange: Sendable, Equatable {
    /// The interval's lower end: of the logarithm for `isLog`, widened by half a step for a stepped parameter.
    package let low: Double
    /// The interval's upper end, in the same way.
    package let high: Double
    /// Whether places are logarithms.
    package let isLog: Bool
    /// The distance of neighbouring values (before the logarithm); nil for continuous ones.
    package let step: Double?
    /// The smallest value.
    package let least: Double
    /// The largest value.
    package let most: Double

    /// The range of values `low ... high`, in steps from `low` where there is one.
    package init(low: Double, high: Double, isLog: Bool, step: Double?) {
        let half = (step ?? 0) / 2
        least = low
        most = high
        self.isLog = isLog
        self.step = step
        self.low = isLog ? log(low - half) : low - half
        self.high = isLog ? log(high + half) : high + half
    }

    /// The place of a value in the interval.
    package func place(of value: Double) -> Double {
        isLog ? log(value) : value
    }

    /// The value nearest to a place.
    package func value(at place: Double) -> Double {
        let raw = isLog ? exp(place) : place
        guard let step else { return min(max(raw, least), most) }
        let steps = ((raw - least) / step).rounded(.toNearestOrEven)
        let last = ((most - least) / step + 1e-9).rounded(.down)
        return min(least + min(max(steps, 0), last) * step, most)
    }

    /// The value at a share 0 … 1 of the interval, so that every step gets the same share.
    package func value(atShare share: Double) -> Double {
        value(at: low + (high - low) * min(max(share, 0), 1))
    }

    /// The share 0 … 1 of the interval that lies below a value.
    package func share(of value: Double) -> Double {
        let width = high - low
        return width > 0 ? min(max((place(of: value) - low) / width, 0), 1) : 0.5
    }

    /// The places between which a stepped value's probability mass lies.
    func cell(of value: Double) -> (low: Double, high: Double)? {
        guard let step else { return nil }
        return (place(of: value - step / 2), place(of: value + step / 2))
    }
}
