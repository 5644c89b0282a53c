#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What one wrong prediction of a number costs.
package enum LossKind: String, Sendable, CaseIterable {
    /// The distance.
    case absolute
    /// The distance relative to the truth.
    case relative
    /// The square of the distance.
    case squared
    /// The square of the distance between logarithms of one plus the value.
    case squaredLogarithmic

    /// The loss of each row; nil when a value is negative and the loss needs logarithms.
    package func losses(truths: [Double], predictions: [Double]) -> [Double]? {
        let rows = zip(truths, predictions)
        switch self {
        case .absolute: return rows.map { abs($0 - $1) }
        case .relative: return rows.map { abs($0 - $1) / max(.ulpOfOne, abs($0)) }
        case .squared: return rows.map { ($0 - $1) * ($0 - $1) }
        case .squaredLogarithmic:
            guard rows.allSatisfy({ $0 >= 0 && $1 >= 0 }) else { return nil }
            return rows.map { truth, prediction in
                let difference = log1p(truth) - log1p(prediction)
                return difference * difference
            }
        }
    }
}
