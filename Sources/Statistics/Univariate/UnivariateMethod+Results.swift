import Core

extension UnivariateMethod {
    /// The result of a test, whose score is its p-value.
    ///
    /// - Parameters:
    ///   - outcome: What the test found.
    ///   - threshold: The bound of the p-value.
    /// - Returns: The result; a statistic that is not finite is left out.
    /// - Throws: `failedPrecondition` when the p-value is no number.
    func result(_ outcome: TestOutcome, threshold: Double) throws(MartletError) -> UnivariateResult {
        guard outcome.pValue.isFinite else { throw undecided }
        let pValue = min(max(outcome.pValue, 0), 1)
        return UnivariateResult(
            score: pValue,
            statistic: outcome.statistic.isFinite ? outcome.statistic : nil,
            pValue: pValue,
            threshold: threshold,
            drifted: isDrift(pValue, threshold: threshold)
        )
    }

    /// The result of a distance, which is its own score.
    ///
    /// - Parameters:
    ///   - distance: The distance.
    ///   - threshold: The bound of the distance.
    /// - Returns: The result.
    /// - Throws: `failedPrecondition` when the distance is not finite.
    func result(distance: Double, threshold: Double) throws(MartletError) -> UnivariateResult {
        guard distance.isFinite else { throw undecided }
        return UnivariateResult(
            score: distance,
            statistic: distance,
            pValue: nil,
            threshold: threshold,
            drifted: isDrift(distance, threshold: threshold)
        )
    }

    /// Whether a score is drift; which side a score on the bound belongs to is Evidently's choice for each method.
    package func isDrift(_ score: Double, threshold: Double) -> Bool {
        switch self {
        case .kolmogorovSmirnov, .cramerVonMises: score <= threshold
        case .energyDistance: score > threshold
        default: isPValue ? score < threshold : score >= threshold
        }
    }

    private var undecided: MartletError {
        MartletError(
            .failedPrecondition,
            "insufficient data: \(rawValue) has no finite answer for these values; they may be too large."
        )
    }
}
