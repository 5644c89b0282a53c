import Foundation

/// Sequential tests of proportions that stay valid however often one looks.
///
/// Each function returns the logarithm of an e-process: the Jeffreys mixture likelihood of the counts divided by the
/// largest likelihood that the null hypothesis allows (universal inference; Wasserman, Ramdas, Balakrishnan 2020).
/// For every parameter of the null the e-process is at most a non-negative martingale that starts at 1, so by Ville's
/// inequality the probability that it *ever* reaches `1 / alpha` is at most `alpha`. No schedule of looks, no
/// independence of the looks and no fixed allocation between the arms is assumed; only the counts are needed.
///
/// What is assumed: within one arm and one stage, rows are exchangeable draws. Paired counts do not even need that the
/// rows are alike over time, as both versions answered the same ones.
package enum SequentialTest {
    /// Whether a log e-value rejects its null at false-alarm rate `alpha`; what is no number rejects nothing.
    package static func rejects(_ logE: Double, alpha: Double) -> Bool {
        logE >= -log(alpha)
    }

    /// Evidence against "the rate is at most `limit`".
    package static func rateAbove(_ limit: Double, _ sample: Proportion) -> Double {
        guard sample.total > 0 else { return 0 }
        return mixture(sample) - logLikelihood(sample, min(sample.rate, limit))
    }

    /// Evidence against "the rate is at least `limit`".
    package static func rateBelow(_ limit: Double, _ sample: Proportion) -> Double {
        guard sample.total > 0 else { return 0 }
        return mixture(sample) - logLikelihood(sample, max(sample.rate, limit))
    }

    /// Evidence against "the first rate exceeds the second by at most `margin`", which may be negative.
    ///
    /// The two samples are independent; their rates are otherwise unknown.
    package static func excess(_ first: Proportion, over second: Proportion, margin: Double) -> Double {
        guard first.total > 0, second.total > 0, margin > -1, margin < 1 else { return 0 }
        let alternative = mixture(first) + mixture(second)
        if first.rate - second.rate <= margin {
            return alternative - logLikelihood(first, first.rate) - logLikelihood(second, second.rate)
        }
        let (hits, misses) = (Double(first.count), Double(first.total - first.count))
        let (otherHits, otherMisses) = (Double(second.count), Double(second.total - second.count))
        let rate = root(from: max(0, -margin), to: min(1, 1 - margin)) { rate in
            slope(hits, rate + margin) - slope(misses, 1 - rate - margin) + slope(otherHits, rate)
                - slope(otherMisses, 1 - rate)
        }
        return alternative - logLikelihood(first, rate + margin) - logLikelihood(second, rate)
    }

    /// Evidence against "losses exceed wins by at most `margin` of all pairs", which may be negative.
    ///
    /// Both arms answered the same rows: a loss is a row that only the first got right, a win one that only the second
    /// got right. Pairing removes the difficulty of the rows, and with it every shift of the traffic over time.
    package static func losses(_ losses: Int, wins: Int, pairs: Int, margin: Double) -> Double {
        guard pairs > 0, losses >= 0, wins >= 0, losses <= pairs - wins, margin > -1, margin < 1 else { return 0 }
        let ties = Double(pairs - losses - wins)
        let (lost, won, total) = (Double(losses), Double(wins), Double(pairs))
        let alternative =
            logGamma(lost + 0.5) + logGamma(won + 0.5) + logGamma(ties + 0.5) - logGamma(total + 1.5)
            - 3 * logGammaHalf + logGammaThreeHalves
        if (lost - won) / total <= margin {
            return alternative - term(lost, lost / total) - term(won, won / total) - term(ties, ties / total)
        }
        let share = root(from: max(0, -margin), to: (1 - margin) / 2) { share in
            slope(lost, share + margin) + slope(won, share) - 2 * slope(ties, 1 - 2 * share - margin)
        }
        return alternative - term(lost, share + margin) - term(won, share) - term(ties, 1 - 2 * share - margin)
    }

    /// The evidence of several e-processes about one null together: their mean, which is one again.
    ///
    /// `count` is how many there are; those that are left out of `logs` count as 0.
    package static func mean(of logs: [Double], count: Int) -> Double {
        guard let largest = logs.max(), count > 0, largest > -.infinity else { return 0 }
        return largest + log(logs.reduce(0) { $0 + exp($1 - largest) } / Double(count))
    }

    /// Log marginal likelihood of a sequence with these counts under a Beta(½, ½) prior on its rate.
    private static func mixture(_ sample: Proportion) -> Double {
        let hits = Double(sample.count)
        let misses = Double(sample.total - sample.count)
        return logGamma(hits + 0.5) + logGamma(misses + 0.5) - logGamma(hits + misses + 1) - 2 * logGammaHalf
    }

    private static func logLikelihood(_ sample: Proportion, _ rate: Double) -> Double {
        term(Double(sample.count), rate) + term(Double(sample.total - sample.count), 1 - rate)
    }

    /// `count × log(probability)` with the convention that nothing costs nothing.
    private static func term(_ count: Double, _ probability: Double) -> Double {
        if count == 0 { return 0 }
        return probability > 0 ? count * log(probability) : -.infinity
    }

    /// Derivative of `term`.
    private static func slope(_ count: Double, _ probability: Double) -> Double {
        count == 0 ? 0 : count / max(probability, .leastNormalMagnitude)
    }

    /// Where a falling function is zero, or the end of the interval that it does not leave, by bisection.
    ///
    /// The likelihood is concave, so this is where it is largest; an end that has likelihood 0 is never returned unless
    /// the whole interval has it.
    private static func root(from low: Double, to high: Double, of slope: (Double) -> Double) -> Double {
        var (low, high) = (low, high)
        if slope(low) <= 0 { return low }
        if slope(high) >= 0 { return high }
        for _ in 0..<60 {
            let middle = low + (high - low) / 2
            guard middle > low, middle < high else { break }
            if slope(middle) > 0 { low = middle } else { high = middle }
        }
        return low + (high - low) / 2
    }

    private static let logGammaHalf = logGamma(0.5)
    private static let logGammaThreeHalves = logGamma(1.5)

    /// Logarithm of the gamma function for positive arguments, by Stirling's series (error below 1e-12).
    ///
    /// The C library's `lgamma` writes a global sign variable, which is a data race.
    package static func logGamma(_ argument: Double) -> Double {
        var value = argument
        var product = 1.0
        while value < 10 {
            product *= value
            value += 1
        }
        let inverse = 1 / value
        let square = inverse * inverse
        let series = inverse * (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square / 1680)))
        return (value - 0.5) * log(value) - value + 0.918_938_533_204_672_8 + series - log(product)
    }
}
