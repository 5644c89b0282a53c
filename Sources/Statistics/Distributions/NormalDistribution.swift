import Foundation

/// The standard normal distribution, by the error function of the C library.
package enum NormalDistribution {
    /// The probability of at most z.
    package static func cumulative(_ z: Double) -> Double {
        let x = z * 0.5.squareRoot()
        if abs(x) < 1 { return 0.5 + 0.5 * erf(x) }
        return x > 0 ? 1 - 0.5 * erfc(x) : 0.5 * erfc(-x)
    }

    /// The probability of more than z, accurate where it is tiny.
    package static func survival(_ z: Double) -> Double { cumulative(-z) }
}
