import Foundation

/// Arithmetic of expressions: NaN is missing, and whoever calls makes what is not finite missing.
enum ExpressionMath {
    enum Unary: Sendable {
        case negate, not, abs, sqrt, exp, log, log1p, log10, floor, ceil, sign, isMissing

        init?(_ function: ExpressionFunction) {
            switch function {
            case .abs: self = .abs
            case .sqrt: self = .sqrt
            case .exp: self = .exp
            case .log: self = .log
            case .log1p: self = .log1p
            case .log10: self = .log10
            case .floor: self = .floor
            case .ceil: self = .ceil
            case .sign: self = .sign
            default: return nil
            }
        }

        @inline(__always)
        func apply(_ value: Double) -> Double {
            switch self {
            case .negate: 0 - value
            case .not: value.isNaN ? .nan : value == 0 ? 1 : 0
            case .abs: Swift.abs(value)
            case .sqrt: value.squareRoot()
            case .exp: Foundation.exp(value)
            case .log: Foundation.log(value)
            case .log1p: Foundation.log1p(value)
            case .log10: Foundation.log10(value)
            case .floor: value.rounded(.down)
            case .ceil: value.rounded(.up)
            case .sign: value.isNaN ? .nan : value > 0 ? 1 : value < 0 ? -1 : 0
            case .isMissing: value.isNaN ? 1 : 0
            }
        }
    }

    enum Binary: Sendable {
        case add, subtract, multiply, divide, remainder, power
        case equal, unequal, less, lessOrEqual, greater, greaterOrEqual, and, or

        init?(_ binary: Expression.Operator) {
            switch binary {
            case .add: self = .add
            case .subtract: self = .subtract
            case .multiply: self = .multiply
            case .divide: self = .divide
            case .remainder: self = .remainder
            case .power: self = .power
            case .equal: self = .equal
            case .unequal: self = .unequal
            case .less: self = .less
            case .lessOrEqual: self = .lessOrEqual
            case .greater: self = .greater
            case .greaterOrEqual: self = .greaterOrEqual
            case .and: self = .and
            case .or: self = .or
            }
        }

        @inline(__always)
        func apply(_ left: Double, _ right: Double) -> Double {
            switch self {
            case .add: return left + right
            case .subtract: return left - right
            case .multiply: return left * right
            case .divide: return left / right
            case .remainder: return right == 0 ? .nan : left - right * (left / right).rounded(.down)
            case .power: return left.isNaN || right.isNaN ? .nan : Foundation.pow(left, right)
            // What is known decides, though the other side is missing.
            case .and: return left == 0 || right == 0 ? 0 : left.isNaN || right.isNaN ? .nan : 1
            case .or:
                let isTrue = !left.isNaN && left != 0 || !right.isNaN && right != 0
                return isTrue ? 1 : left.isNaN || right.isNaN ? .nan : 0
            default: break
            }
            guard !left.isNaN, !right.isNaN else { return .nan }
            return holds(left, right) ? 1 : 0
        }

        private func holds(_ left: Double, _ right: Double) -> Bool {
            switch self {
            case .equal: left == right
            case .unequal: left != right
            case .less: left < right
            case .lessOrEqual: left <= right
            case .greater: left > right
            default: left >= right
            }
        }
    }

    enum Fold: Sendable {
        case min, max, pow, round, clip, coalesce

        init?(_ function: ExpressionFunction) {
            switch function {
            case .min: self = .min
            case .max: self = .max
            case .pow: self = .pow
            case .round: self = .round
            case .clip: self = .clip
            case .coalesce: self = .coalesce
            default: return nil
            }
        }

        func apply(_ values: ArraySlice<Double>) -> Double {
            if self == .coalesce { return values.first { !$0.isNaN } ?? .nan }
            guard let first = values.first, !values.contains(where: \.isNaN) else { return .nan }
            switch self {
            case .min: return values.min() ?? .nan
            case .max: return values.max() ?? .nan
            case .pow: return values.count == 2 ? Foundation.pow(first, values.last ?? .nan) : .nan
            case .round: return rounded(first, places: values.count == 2 ? values.last ?? 0 : 0)
            case .clip:
                guard values.count == 3, let upper = values.last, let lower = values.dropFirst().first else {
                    return .nan
                }
                return Swift.max(lower, Swift.min(upper, first))
            case .coalesce: return first
            }
        }

        /// Halves go away from zero; more than 15 places change nothing.
        private func rounded(_ value: Double, places: Double) -> Double {
            guard places != 0 else { return value.rounded(.toNearestOrAwayFromZero) }
            guard Swift.abs(places) <= 15 else { return places > 0 ? value : 0 }
            let scale = Foundation.pow(10, Swift.abs(places.rounded(.towardZero)))
            let scaled = places > 0 ? value * scale : value / scale
            guard scaled.isFinite else { return value }
            let whole = scaled.rounded(.toNearestOrAwayFromZero)
            return places > 0 ? whole / scale : whole * scale
        }
    }

    /// Whether the first value is one of the others; missing when it is missing.
    static func isIn(_ values: ArraySlice<Double>) -> Double {
        guard let first = values.first, !first.isNaN else { return .nan }
        return values.dropFirst().contains(first) ? 1 : 0
    }
}
