import Foundation

/// The regularised incomplete beta function.
///
/// The continued fraction of Abramowitz and Stegun 26.5.8 in Lentz's form; the beta function before it by Stirling
/// corrections (Didonato and Morris 1992), so that large parameters keep their digits.
package enum RegularizedBeta {
    /// I_x(a, b) for positive parameters.
    ///
    /// - Parameters:
    ///   - x: The upper end of the integral, 0 to 1.
    ///   - complement: 1 - x, given apart because x may round to 1.
    ///   - a: The parameter of x.
    ///   - b: The parameter of 1 - x.
    /// - Returns: The share of the beta distribution below x.
    package static func lower(_ x: Double, complement: Double, a: Double, b: Double) -> Double {
        guard x > 0 else { return 0 }
        guard complement > 0 else { return 1 }
        if x < (a + 1) / (a + b + 2) { return min(fraction(x, complement, a, b), 1) }
        return max(1 - fraction(complement, x, b, a), 0)
    }

    /// ln B(a, b) for positive parameters.
    package static func logBeta(_ first: Double, _ second: Double) -> Double {
        let (a, b) = (min(first, second), max(first, second))
        guard b >= 10 else { return logFactorial(a - 1) + logFactorial(b - 1) - logFactorial(a + b - 1) }
        // StirlingError.of(x) belongs to Γ(x + 1); the correction of Γ(x) is the same by Γ(x + 1) = x·Γ(x).
        let correction = StirlingError.of(b) - StirlingError.of(a + b)
        if a < 10 {
            return logFactorial(a - 1) + correction - (a + b - 0.5) * log1p(a / b) - a * (log(b) - 1)
        }
        let ratio = a / b
        let middle = (a - 0.5) * log(ratio / (1 + ratio)) - b * log1p(ratio)
        return 0.918_938_533_204_672_741_8 - 0.5 * log(b) + StirlingError.of(a) + correction + middle
    }

    /// I_x(a, b) where the fraction converges fast: x below the mean.
    private static func fraction(_ x: Double, _ complement: Double, _ a: Double, _ b: Double) -> Double {
        let logX = x < 0.5 ? log(x) : log1p(-complement)
        let logY = complement < 0.5 ? log(complement) : log1p(-x)
        let front = exp(a * logX + b * logY - logBeta(a, b)) / a
        let tiny = 1e-300
        var c = 1.0
        var d = guarded(1 - (a + b) * x / (a + 1), tiny)
        var product = d
        for index in 1...10_000 {
            let m = Double(index)
            let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            d = guarded(1 + even * d, tiny)
            c = 1 + even / c
            product *= d * c
            let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            d = guarded(1 + odd * d, tiny)
            c = 1 + odd / c
            let change = d * c
            product *= change
            if abs(change - 1) < 1e-16 { break }
        }
        return front * product
    }

    private static func guarded(_ value: Double, _ tiny: Double) -> Double { 1 / (abs(value) < tiny ? tiny : value) }
}
