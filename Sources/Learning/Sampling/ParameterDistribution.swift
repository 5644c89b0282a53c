#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Where a parameter's values come from; a value is one Double: a number, or a choice's index.
package enum ParameterDistribution: Sendable, Equatable {
    /// A number in `low ... high`; spread by its logarithm, or in steps from `low`.
    case float(low: Double, high: Double, log: Bool = false, step: Double? = nil)
    /// A whole number in `low ... high`; spread by its logarithm, or in steps from `low`.
    case integer(low: Int, high: Int, log: Bool = false, step: Int = 1)
    /// One of several words, by index.
    case choice([String])

    /// Whether there is only one value.
    package var isSingle: Bool {
        switch self {
        case .float(let low, let high, _, let step): low == high || step.map { high - low < $0 } ?? false
        case .integer(let low, let high, _, let step): high - low < step
        case .choice(let words): words.count <= 1
        }
    }

    /// The value in words, as it is logged and handed to a library.
    package func text(of value: Double) -> String {
        switch self {
        case .float: return "\(value)"
        case .integer: return Int(exactly: value).map(String.init) ?? "\(value)"
        case .choice(let words):
            guard let index = Int(exactly: value), words.indices.contains(index) else { return "" }
            return words[index]
        }
    }

    /// How the Parzen estimator sees a numeric parameter; nil for a choice.
    var numeric: NumericRange? {
        switch self {
        case .float(let low, let high, true, _):
            NumericRange(
                low: naturalLogarithm(low),
                high: naturalLogarithm(high),
                isLog: true,
                step: nil,
                bounds: (low, high)
            )
        case .float(let low, let high, false, let step?):
            NumericRange(low: low - step / 2, high: high + step / 2, isLog: false, step: step, bounds: (low, high))
        case .float(let low, let high, false, nil):
            NumericRange(low: low, high: high, isLog: false, step: nil, bounds: (low, high))
        case .integer(let low, let high, true, _):
            NumericRange(
                low: naturalLogarithm(Double(low) - 0.5),
                high: naturalLogarithm(Double(high) + 0.5),
                isLog: true,
                step: 1,
                bounds: (Double(low), Double(high))
            )
        case .integer(let low, let high, false, let step):
            NumericRange(
                low: Double(low) - Double(step) / 2,
                high: Double(high) + Double(step) / 2,
                isLog: false,
                step: Double(step),
                bounds: (Double(low), Double(high))
            )
        case .choice: nil
        }
    }
}

/// The interval in which kernels of a numeric parameter live.
struct NumericRange {
    /// The interval's ends: of the logarithm for `isLog`, widened by half a step for a stepped parameter.
    let low: Double
    let high: Double
    let isLog: Bool
    /// The distance of neighbouring values (before the logarithm); nil for continuous ones.
    let step: Double?
    /// The smallest and the largest value.
    let bounds: (low: Double, high: Double)

    /// The place of a value in the interval.
    func place(of value: Double) -> Double {
        isLog ? log(value) : value
    }

    /// The value nearest to a place.
    func value(at place: Double) -> Double {
        let raw = isLog ? exp(place) : place
        guard let step else { return min(max(raw, bounds.low), bounds.high) }
        let steps = ((raw - bounds.low) / step).rounded(.toNearestOrEven)
        let last = ((bounds.high - bounds.low) / step + 1e-9).rounded(.down)
        return min(bounds.low + min(max(steps, 0), last) * step, bounds.high)
    }

    /// The places between which a stepped value's probability mass lies.
    func cell(of value: Double) -> (low: Double, high: Double)? {
        guard let step else { return nil }
        return (place(of: value - step / 2), place(of: value + step / 2))
    }
}

/// `log(3)`, which the label `log` of the cases would hide.
private func naturalLogarithm(_ value: Double) -> Double {
    log(value)
}
