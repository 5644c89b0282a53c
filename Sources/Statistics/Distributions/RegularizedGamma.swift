import Foundation

/// The regularised incomplete gamma functions.
///
/// The series and the continued fraction are those of Abramowitz and Stegun 6.5.29 and 6.5.31; the factor before them is
/// Loader's saddle-point form, which keeps its digits for large shapes.
package enum RegularizedGamma {
    /// P(shape, x), the share below x; 0 for x ≤ 0.
    package static func lower(shape: Double, _ x: Double) -> Double {
        guard x > 0 else { return 0 }
        guard x < .infinity else { return 1 }
        return x < shape + 1 ? series(shape, x) : 1 - fraction(shape, x)
    }

    /// Q(shape, x), the share above x; accurate where it is tiny.
    package static func upper(shape: Double, _ x: Double) -> Double {
        guard x > 0 else { return 1 }
        guard x < .infinity else { return 0 }
        return x < shape + 1 ? 1 - series(shape, x) : fraction(shape, x)
    }

    /// x^shape · e^-x / Γ(shape + 1).
    private static func density(_ shape: Double, _ x: Double) -> Double {
        exp(-StirlingError.deviance(shape, mean: x) - StirlingError.of(shape)) / (2 * .pi * shape).squareRoot()
    }

    private static func series(_ shape: Double, _ x: Double) -> Double {
        var (sum, term, divisor) = (1.0, 1.0, shape)
        // The terms fall once the divisor passes x; beyond that about 40 of them matter per factor of e.
        for _ in 0..<iterations(shape) {
            divisor += 1
            term *= x / divisor
            sum += term
            if term < sum * 1e-17 { break }
        }
        return min(sum * density(shape, x), 1)
    }

    private static func fraction(_ shape: Double, _ x: Double) -> Double {
        let tiny = 1e-300
        var b = x + 1 - shape
        var c = 1 / tiny
        var d = 1 / (b == 0 ? tiny : b)
        var product = d
        for index in 1...iterations(shape) {
            let factor = -Double(index) * (Double(index) - shape)
            b += 2
            d = factor * d + b
            d = 1 / (abs(d) < tiny ? tiny : d)
            c = b + factor / c
            if abs(c) < tiny { c = tiny }
            let change = c * d
            product *= change
            if abs(change - 1) < 1e-16 { break }
        }
        return min(max(product * density(shape, x) * shape, 0), 1)
    }

    /// Enough steps for either expansion near x = shape, where they are slowest.
    private static func iterations(_ shape: Double) -> Int { 500 + Int(min(20 * shape.squareRoot(), 1e6)) }
}
