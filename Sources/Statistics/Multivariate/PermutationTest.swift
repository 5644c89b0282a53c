import Core

/// Which rows play the current sample in each permutation of a test.
package enum Permutations: Sendable {
    /// Random subsets, reproducible by the seed.
    case random(count: Int, seed: UInt64)
    /// Index vectors over the reference rows followed by the current rows; the last ones play the current sample.
    case given([[Int]])
}

/// A statistic and what it is when reference and current rows are exchanged at random.
package struct PermutationTest: Sendable, Equatable {
    /// The observed statistic.
    package let statistic: Double
    /// The share of the permutations whose statistic is at least the observed one, as alibi-detect counts: it may be 0.
    package let pValue: Double
    /// The statistic of each permutation, in order.
    package let permuted: [Double]
    /// The widths of the Gaussian kernel in the units of the features after scaling; empty where there is no kernel.
    package let sigmas: [Double]

    /// Counts the permutations that reach the observed statistic; there is at least one.
    init(statistic: Double, permuted: [Double], sigmas: [Double]) {
        self.statistic = statistic
        self.permuted = permuted
        self.sigmas = sigmas
        pValue = Double(permuted.count { statistic <= $0 }) / Double(permuted.count)
    }

    /// The statistic that is exceeded by a share `level` of the permutations.
    package func threshold(level: Double) -> Double {
        let sorted = permuted.sorted(by: >)
        let index = Int((level * Double(sorted.count)).rounded(.down))
        return sorted[min(max(index, 0), sorted.count - 1)]
    }

    /// The verdict at a level: drift when the p-value is below it.
    package func result(level: Double) -> MultivariateResult {
        MultivariateResult(statistic: statistic, pValue: pValue, threshold: level, drifted: pValue < level)
    }
}

/// What a comparison of all features together found.
package struct MultivariateResult: Sendable, Equatable {
    /// The detector's statistic.
    package let statistic: Double
    /// The p-value, 0 to 1; nil for a detector that compares its statistic with a bound.
    package let pValue: Double?
    /// The bound: of the p-value where there is one, else of the statistic.
    package let threshold: Double
    /// Whether the samples differ.
    package let drifted: Bool

    /// A result from its parts.
    ///
    /// - Parameters:
    ///   - statistic: The detector's statistic.
    ///   - pValue: The p-value, where there is one.
    ///   - threshold: The bound of the p-value, or of the statistic where there is none.
    ///   - drifted: Whether the samples differ.
    package init(statistic: Double, pValue: Double?, threshold: Double, drifted: Bool) {
        self.statistic = statistic
        self.pValue = pValue
        self.threshold = threshold
        self.drifted = drifted
    }
}
