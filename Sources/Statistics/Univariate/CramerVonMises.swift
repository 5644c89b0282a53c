package import Core
import Foundation

/// The two-sample Cramér–von Mises test, as SciPy's `cramervonmises_2samp`.
package enum CramerVonMises {
    /// How the p-value is computed.
    package enum Method: String, Sendable, CaseIterable {
        /// Exact when both samples have at most 20 values, else asymptotic.
        case automatic
        /// Counts interleavings.
        case exact
        /// The limiting distribution of the standardised statistic (Anderson 1962).
        case asymptotic
    }

    /// Tests two samples.
    ///
    /// - Parameters:
    ///   - first: The first sample.
    ///   - second: The second sample.
    ///   - method: How the p-value is computed.
    /// - Returns: Anderson's T and the p-value.
    /// - Throws: `failedPrecondition` for fewer than two values on a side, `invalidArgument` for more than 20 with `exact`.
    package static func test(
        _ first: SortedSample,
        _ second: SortedSample,
        method: Method = .automatic
    ) throws(MartletError) -> TestOutcome {
        guard first.count > 1, second.count > 1 else {
            throw .insufficient("Cramér–von Mises needs two values on each side", first.count, second.count)
        }
        let isSmall = max(first.count, second.count) <= StatisticsLimits.exactCramerVonMisesSize
        guard isSmall || method != .exact else {
            throw MartletError(
                .invalidArgument,
                "Exact Cramér–von Mises takes at most \(StatisticsLimits.exactCramerVonMisesSize) values a side; use asymptotic."
            )
        }
        let (n, m) = (Double(first.count), Double(second.count))
        let sum = rankSum(first, second)
        let (product, total) = (n * m, n + m)
        let statistic = sum / (product * total) - (4 * product - 1) / (6 * total)
        if isSmall, method != .asymptotic {
            let pValue = CramerVonMisesDistribution.exact(rankSum: sum, first: first.count, second: second.count)
            return TestOutcome(statistic: statistic, pValue: pValue)
        }
        // Anderson 1962, eq. 11, 14 and 15.
        let expected = (1 + 1 / total) / 6
        let spread = (total + 1) * (4 * product * total - 3 * (n * n + m * m) - 2 * product)
        let variance = spread / (45 * total * total * 4 * product)
        let normed = 1.0 / 6 + (statistic - expected) / (45 * variance).squareRoot()
        // Below 0.003 the cumulative probability is under 1.3e-18.
        let pValue = normed < 0.003 ? 1 : max(0, 1 - CramerVonMisesDistribution.limit(normed))
        return TestOutcome(statistic: statistic, pValue: pValue)
    }

    /// Anderson's U: the squared differences of the ranks in the pooled sample from those in the own, weighted by size.
    private static func rankSum(_ first: SortedSample, _ second: SortedSample) -> Double {
        var (left, right) = (0.0, 0.0)
        for step in PooledSteps(first, second) {
            let rank = step.midrank
            left += squares(rank, below: step.firstBelow, equal: step.firstEqual)
            right += squares(rank, below: step.secondBelow, equal: step.secondEqual)
        }
        return Double(first.count) * left + Double(second.count) * right
    }

    private static func squares(_ rank: Double, below: Int, equal: Int) -> Double {
        var sum = 0.0
        for offset in 0..<equal {
            let difference = rank - Double(below + offset + 1)
            sum += difference * difference
        }
        return sum
    }
}
