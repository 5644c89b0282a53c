import Foundation

/// Sequential tests of means that stay valid however often one looks.
///
/// The statistic is a sum divided by its own spread, mixed over a half-normal prior of the effect (Robbins 1970). It is
/// an e-process for symmetric differences (de la Peña 1999), and for any others with a finite variance asymptotically,
/// in the sense of asymptotic confidence sequences (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2024; for two
/// independent samples Johari, Pekelis and Walsh 2022). Below `fewest` rows nothing is claimed.
package enum MeanTest {
    /// Rows below which there is no evidence.
    package static let fewest = 30
    /// Rows at which the mixture is sharpest, in units of the prior's precision.
    private static let precision = 25.0

    /// Evidence against "the mean is at most `bound`".
    package static func above(_ bound: Double, _ sample: Moments) -> Double {
        guard sample.count >= fewest else { return 0 }
        let distance = sample.mean - bound
        let total = Double(sample.count)
        let second = sample.squares / total + distance * distance
        guard second > 0, second.isFinite else { return 0 }
        return mixed(total * distance / second.squareRoot(), total)
    }

    /// Evidence against "the mean is at least `bound`".
    package static func below(_ bound: Double, _ sample: Moments) -> Double {
        var mirrored = sample
        mirrored.mean = -sample.mean
        return above(-bound, mirrored)
    }

    /// Evidence against "the first mean exceeds `factor` times the second by at most `bound`".
    package static func excess(_ first: Moments, over second: Moments, factor: Double = 1, bound: Double = 0)
        -> Double
    {
        guard first.count >= fewest, second.count >= fewest, let left = first.variance, let right = second.variance
        else { return 0 }
        let difference = first.mean - factor * second.mean - bound
        let variance = left / Double(first.count) + factor * factor * right / Double(second.count)
        guard difference.isFinite, variance.isFinite, variance >= 0 else { return 0 }
        let weight = Double(first.count) * Double(second.count) / Double(first.count + second.count)
        // As above, the spread counts the distance from the bound: a lucky run of equal numbers is no certainty.
        let spread = (variance + difference * difference / weight).squareRoot()
        guard spread > 0 else { return 0 }
        return mixed(difference / spread * weight.squareRoot(), weight)
    }

    /// `log ∫ exp(λ s − λ² t / 2) dΠ(λ)` for a half-normal Π with the stated precision.
    private static func mixed(_ sum: Double, _ time: Double) -> Double {
        let scale = precision + time
        let upper = 0.5 * erfc(-sum / (2 * scale).squareRoot())
        guard upper > 0 else { return -.infinity }
        return log(2) + 0.5 * log(precision / scale) + sum * sum / (2 * scale) + log(upper)
    }
}
