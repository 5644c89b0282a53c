import Core
import Statistics

/// A prepared comparison of free text.
protocol TextComparison: Sendable {
    func compare(_ current: UnivariateSample) throws(MartletError) -> UnivariateResult
}

/// The comparisons of free text, by method.
enum TextComparisons {
    /// The bound that Evidently uses when none is given: a percentile of random scores, or a score.
    static func defaultThreshold(of method: DetectorKind) -> Double {
        method == .textAgainstScore ? 0.55 : 0.95
    }

    static func prepare(
        _ method: DetectorKind,
        reference: UnivariateSample,
        threshold: Double?
    ) throws(MartletError) -> any TextComparison {
        throw MartletError(.failedPrecondition, "insufficient data: text needs \(method.rawValue).")
    }
}
