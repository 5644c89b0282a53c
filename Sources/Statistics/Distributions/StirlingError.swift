import Foundation

/// The parts of factorials and powers that stay accurate where logarithms of gamma functions cancel.
///
/// Both follow Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000).
enum StirlingError {
    private static let halfLogTwoPi = 0.918_938_533_204_672_741_8

    /// ln Γ(x + 1) less Stirling's formula (x + ½) ln x - x + ½ ln 2π, for x > 0.
    static func of(_ x: Double) -> Double {
        guard x > 15 else { return logFactorial(x) - (x + 0.5) * log(x) + x - halfLogTwoPi }
        let square = x * x
        let tail = 1.0 / 1_260 - (1.0 / 1_680 - (1.0 / 1_188) / square) / square
        return (1.0 / 12 - (1.0 / 360 - tail / square) / square) / x
    }

    /// x ln(x / mean) + mean - x, without cancellation where the two are close; both positive.
    static func deviance(_ x: Double, mean: Double) -> Double {
        let difference = x - mean
        guard abs(difference) < 0.1 * (x + mean) else { return x * log(x / mean) + mean - x }
        let ratio = difference / (x + mean)
        var sum = difference * ratio
        var term = 2 * x * ratio
        let square = ratio * ratio
        for index in 1..<1_000 {
            term *= square
            let next = sum + term / Double(2 * index + 1)
            if next == sum { break }
            sum = next
        }
        return sum
    }
}
