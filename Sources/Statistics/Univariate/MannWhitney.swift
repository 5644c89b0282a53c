import Core

/// The Mann–Whitney U test, as SciPy's `mannwhitneyu` with its automatic method.
package enum MannWhitney {
    /// Which difference counts.
    package enum Alternative: String, Sendable, CaseIterable {
        /// Either sample tends to be larger.
        case twoSided = "two-sided"
        /// The first sample tends to be smaller.
        case less
        /// The first sample tends to be larger.
        case greater
    }

    /// Tests two samples: exact when one has at most 8 values and none are tied, else normal with continuity correction.
    ///
    /// - Parameters:
    ///   - first: The first sample.
    ///   - second: The second sample.
    ///   - alternative: Which difference counts.
    /// - Returns: U of the first sample and the p-value; two samples of one and the same value give 1.
    package static func test(
        _ first: SortedSample,
        _ second: SortedSample,
        alternative: Alternative = .twoSided
    ) -> TestOutcome {
        let (n, m) = (Double(first.count), Double(second.count))
        var (rankSum, ties) = (0.0, 0.0)
        for step in PooledSteps(first, second) {
            rankSum += step.midrank * Double(step.firstEqual)
            let equal = Double(step.firstEqual + step.secondEqual)
            ties += equal * equal * equal - equal
        }
        let u = rankSum - n * (n + 1) / 2
        let tail =
            switch alternative {
            case .greater: u
            case .less: n * m - u
            case .twoSided: max(u, n * m - u)
            }
        let share =
            ties == 0 && min(first.count, second.count) <= 8
            ? MannWhitneyDistribution.survival(from: Int(tail), first: first.count, second: second.count)
            : normal(tail, n, m, ties: ties)
        return TestOutcome(statistic: u, pValue: min(alternative == .twoSided ? 2 * share : share, 1))
    }

    /// The normal approximation with the variance corrected for ties and half a step for continuity.
    private static func normal(_ u: Double, _ n: Double, _ m: Double, ties: Double) -> Double {
        let total = n + m
        let variance = n * m / 12 * ((total + 1) - ties / (total * (total - 1)))
        guard variance > 0 else { return 1 }
        return NormalDistribution.survival((u - n * m / 2 - 0.5) / variance.squareRoot())
    }
}
