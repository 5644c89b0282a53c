package import Core

/// One univariate method with its reference prepared, so that many current samples cost only their own work.
package protocol UnivariateDetector: Sendable {
    /// Which method this is.
    var method: UnivariateMethod { get }
    /// The bound that the score is compared with.
    var threshold: Double { get }

    /// Compares a sample with the reference.
    ///
    /// - Parameter current: Values of the same kind as the reference's: numbers or categories.
    /// - Returns: The score and whether it is drift; never NaN.
    /// - Throws: `failedPrecondition` when the values cannot support an answer (none, too few, constant where the method
    ///   needs spread), `invalidArgument` for another kind of value, NaN or infinity, `payloadTooLarge` past `StatisticsLimits`.
    func compare(_ current: UnivariateSample) throws(MartletError) -> UnivariateResult
}

/// What one univariate comparison found.
package struct UnivariateResult: Sendable, Equatable {
    /// What Evidently reports for the method: a p-value or a distance.
    package let score: Double
    /// The test's statistic or the distance; nil where the score is all there is.
    package let statistic: Double?
    /// The p-value, 0 to 1; nil for a distance without one.
    package let pValue: Double?
    /// The bound that the score was compared with.
    package let threshold: Double
    /// Whether the score is drift at that bound.
    package let drifted: Bool

    /// A result from its parts.
    ///
    /// - Parameters:
    ///   - score: The p-value or distance that is compared with the threshold.
    ///   - statistic: The test's statistic or the distance.
    ///   - pValue: The p-value, where there is one.
    ///   - threshold: The bound of the score.
    ///   - drifted: Whether the score is drift.
    package init(score: Double, statistic: Double?, pValue: Double?, threshold: Double, drifted: Bool) {
        self.score = score
        self.statistic = statistic
        self.pValue = pValue
        self.threshold = threshold
        self.drifted = drifted
    }
}
