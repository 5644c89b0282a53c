package import Core
import Foundation

/// Tests of counts over categories against the chi-squared distribution.
package enum ChiSquared {
    /// Pearson's test of the current counts against the reference's shares as if they were known, as Evidently does it.
    ///
    /// The reference's own chance is left out, so with samples of similar size it rejects more often than its level; the
    /// contingency test does not. A category that the reference lacks makes the p-value 0.
    ///
    /// - Parameters:
    ///   - reference: The reference's counts.
    ///   - current: The current counts of the same categories.
    /// - Returns: The statistic, infinite for an unseen category, and the p-value with one degree less than categories.
    /// - Throws: `failedPrecondition` when either side has no value.
    package static func oneWay(reference: [Int], current: [Int]) throws(MartletError) -> TestOutcome {
        let scale = try ratio(reference, current)
        var statistic = 0.0
        for (left, right) in zip(reference, current) where left > 0 || right > 0 {
            let expected = Double(left) * scale
            let difference = Double(right) - expected
            statistic += expected > 0 ? difference * difference / expected : .infinity
        }
        return outcome(statistic, reference, current)
    }

    /// The likelihood ratio (G) of the current counts against the reference's shares.
    ///
    /// Where Evidently fails for samples of different size, the expected counts are scaled as in `oneWay`.
    ///
    /// - Parameters:
    ///   - reference: The reference's counts.
    ///   - current: The current counts of the same categories.
    /// - Returns: The statistic, infinite for an unseen category, and the p-value with one degree less than categories.
    /// - Throws: `failedPrecondition` when either side has no value.
    package static func likelihoodRatio(reference: [Int], current: [Int]) throws(MartletError) -> TestOutcome {
        let scale = try ratio(reference, current)
        var statistic = 0.0
        for (left, right) in zip(reference, current) where right > 0 {
            let observed = Double(right)
            statistic += left > 0 ? 2 * observed * log(observed / (Double(left) * scale)) : .infinity
        }
        return outcome(max(statistic, 0), reference, current)
    }

    /// The test of independence of the table of both samples, as SciPy's `chi2_contingency`.
    ///
    /// - Parameters:
    ///   - reference: The reference's counts.
    ///   - current: The current counts of the same categories.
    ///   - continuity: Whether a table of two categories gets Yates' correction.
    ///   - isLikelihoodRatio: Whether the statistic is G instead of Pearson's.
    /// - Returns: The statistic and the p-value with one degree less than categories.
    /// - Throws: `failedPrecondition` when either side has no value.
    package static func contingency(
        reference: [Int],
        current: [Int],
        continuity: Bool = true,
        isLikelihoodRatio: Bool = false
    ) throws(MartletError) -> TestOutcome {
        _ = try ratio(reference, current)
        let (n, m) = (Double(reference.reduce(0, +)), Double(current.reduce(0, +)))
        let categories = zip(reference, current).count { $0 > 0 || $1 > 0 }
        var statistic = 0.0
        for (left, right) in zip(reference, current) where left > 0 || right > 0 {
            let sum = Double(left + right)
            for (count, size) in [(Double(left), n), (Double(right), m)] {
                let expected = size * sum / (n + m)
                var observed = count
                if continuity, categories == 2 {
                    let gap = expected - observed
                    observed += gap < 0 ? -min(0.5, -gap) : min(0.5, gap)
                }
                if isLikelihoodRatio {
                    if observed > 0 { statistic += 2 * observed * log(observed / expected) }
                } else {
                    statistic += (observed - expected) * (observed - expected) / expected
                }
            }
        }
        return outcome(max(statistic, 0), reference, current)
    }

    private static func outcome(_ statistic: Double, _ reference: [Int], _ current: [Int]) -> TestOutcome {
        let categories = zip(reference, current).count { $0 > 0 || $1 > 0 }
        return TestOutcome(
            statistic: statistic,
            pValue: ChiSquaredDistribution.survival(statistic, degrees: categories - 1)
        )
    }

    /// How many current values there are for each of the reference.
    private static func ratio(_ reference: [Int], _ current: [Int]) throws(MartletError) -> Double {
        let (n, m) = (reference.reduce(0, +), current.reduce(0, +))
        guard n > 0, m > 0 else { throw .insufficient("a test of counts needs values on both sides", n, m) }
        return Double(m) / Double(n)
    }
}
