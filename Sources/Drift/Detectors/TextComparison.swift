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

    /// Prepares the comparison that a method names.
    static func prepare(
        _ method: DetectorKind,
        reference: UnivariateSample,
        threshold: Double?
    ) throws(MartletError) -> any TextComparison {
        let bound = threshold ?? defaultThreshold(of: method)
        return ClassifiedText(
            classifier: try TextDomainClassifier(
                reference: reference.texts,
                bound: method == .textAgainstScore ? .area(bound) : .percentile(bound)
            ),
            threshold: bound
        )
    }
}

/// Text told apart by a classifier.
private struct ClassifiedText: TextComparison {
    let classifier: TextDomainClassifier
    let threshold: Double

    func compare(_ current: UnivariateSample) throws(MartletError) -> UnivariateResult {
        let result = try classifier.test(current.texts).result
        return UnivariateResult(
            score: result.statistic,
            statistic: result.statistic,
            pValue: nil,
            threshold: threshold,
            drifted: result.drifted
        )
    }
}

extension UnivariateSample {
    /// The values as text.
    fileprivate var texts: [String] {
        switch self {
        case .numbers(let values, _): values.map(ColumnSample.name)
        case .categories(let values): values
        }
    }
}
