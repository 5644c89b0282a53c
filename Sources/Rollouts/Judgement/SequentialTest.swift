import Foundation

/// Sequential tests of proportions that stay valid however often one looks.
///
/// Each function returns the logarithm of an e-process: the Jeffreys mixture likelihood of the counts divided by the
/// largest likelihood that the null hypothesis allows (universal inference; Wasserman, Ramdas, Balakrishnan 2020).
/// For every parameter of the null the e-process is at most a non-negative martingale that starts at 1, so by Ville's
/// inequality the probability that it *ever* reaches `1 / alpha` is at most `alpha`. No schedule of looks, no
/// independence of the looks and no fixed allocation between the arms is assumed; only the counts are needed.
package enum SequentialTest {
    /// Whether a log e-value rejects its null at false-alarm rate `alpha`.
    package static func rejects(_ logE: Double, alpha: Double) -> Bool {
        logE >= -log(alpha)
    }

    /// Evidence against "the rate is at most `limit`".
    package static func rateAbove(_ limit: Double, _ sample: Proportion) -> Double {
        guard sample.total > 0 else { return 0 }
        let null = min(sample.rate, limit)
        return mixture(sample) - logLikelihood(sample, null)
    }

    /// Evidence against "the first rate exceeds the second by at most `margin`".
    ///
    /// The two samples are independent; their rates are otherwise unknown.
    package static func excess(_ first: Proportion, over second: Proportion, margin: Double) -> Double {
        guard first.total > 0, second.total > 0 else { return 0 }
        let alternative = mixture(first) + mixture(second)
        if first.rate - second.rate <= margin {
            return alternative - logLikelihood(first, first.rate) - logLikelihood(second, second.rate)
        }
        let top = 1 - margin
        let null = maximum(from: 0, to: max(0, top)) { rate in
            logLikelihood(first, rate + margin) + logLikelihood(second, rate)
        }
        return alternative - null
    }

    /// Evidence against "losses exceed wins by at most `margin` of all pairs".
    ///
    /// Both arms answered the same rows: a loss is a row that only the first got right, a win one that only the second
    /// got right. Pairing removes the difficulty of the rows, and with it every shift of the traffic over time.
    package static func losses(_ losses: Int, wins: Int, pairs: Int, margin: Double) -> Double {
        guard pairs > 0, losses >= 0, wins >= 0, losses + wins <= pairs else { return 0 }
        let ties = Double(pairs - losses - wins)
        let (lost, won) = (Double(losses), Double(wins))
        let alternative =
            logGamma(lost + 0.5) + logGamma(won + 0.5) + logGamma(ties + 0.5) - logGamma(Double(pairs) + 1.5)
            - 3 * logGamma(0.5) + logGamma(1.5)
        let total = Double(pairs)
        if (lost - won) / total <= margin {
            return alternative - term(lost, lost / total) - term(won, won / total) - term(ties, ties / total)
        }
        let null = maximum(from: 0, to: max(0, (1 - margin) / 2)) { share in
            term(lost, share + margin) + term(won, share) + term(ties, 1 - 2 * share - margin)
        }
        return alternative - null
    }

    /// Log marginal likelihood of a sequence with these counts under a Beta(½, ½) prior on its rate.
    private static func mixture(_ sample: Proportion) -> Double {
        let hits = Double(sample.count)
        let misses = Double(sample.total - sample.count)
        return logGamma(hits + 0.5) + logGamma(misses + 0.5) - logGamma(hits + misses + 1) - 2 * logGamma(0.5)
    }

    private static func logLikelihood(_ sample: Proportion, _ rate: Double) -> Double {
        term(Double(sample.count), rate) + term(Double(sample.total - sample.count), 1 - rate)
    }

    /// `count × log(probability)` with the convention that nothing costs nothing.
    private static func term(_ count: Double, _ probability: Double) -> Double {
        if count == 0 { return 0 }
        return probability > 0 ? count * log(probability) : -.infinity
    }

    /// Largest value of a concave function on an interval, by golden-section search.
    private static func maximum(from low: Double, to high: Double, of function: (Double) -> Double) -> Double {
        let ratio = 0.618_033_988_749_895
        var (low, high) = (low, high)
        var best = max(function(low), function(high))
        var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
        var (atLeft, atRight) = (function(left), function(right))
        for _ in 0..<80 {
            best = max(best, atLeft, atRight)
            if atLeft < atRight {
                (low, left, atLeft) = (left, right, atRight)
                right = low + ratio * (high - low)
                atRight = function(right)
            } else {
                (high, right, atRight) = (right, left, atLeft)
                left = high - ratio * (high - low)
                atLeft = function(left)
            }
        }
        return best
    }

    /// Logarithm of the gamma function for positive arguments, by Stirling's series (error below 1e-12).
    ///
    /// The C library's `lgamma` writes a global sign variable, which is a data race.
    package static func logGamma(_ argument: Double) -> Double {
        var value = argument
        var shift = 0.0
        while value < 10 {
            shift -= log(value)
            value += 1
        }
        let inverse = 1 / value
        let square = inverse * inverse
        let series = inverse * (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square / 1680)))
        return shift + (value - 0.5) * log(value) - value + 0.918_938_533_204_672_8 + series
    }
}
