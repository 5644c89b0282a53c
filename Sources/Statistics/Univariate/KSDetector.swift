import Core

/// Kolmogorov–Smirnov on every feature, with one verdict after correction for their number.
///
/// NaN and infinities are left out column by column; a feature without a finite value on one side is reported untested and
/// does not count in the correction.
package struct KSDetector: DriftDetector {
    package let kind = DetectorKind.kolmogorovSmirnov
    package let featureNames: [String]
    package let level: Double
    /// How the number of features is corrected for.
    package let correction: MultipleTesting
    /// The method for every feature; nil takes the exact one where it is cheap (`StatisticsLimits.exactLatticeCells`).
    package let method: KolmogorovSmirnov.Method?
    /// Which deviation counts.
    package let alternative: KolmogorovSmirnov.Alternative
    private let sortedReference: [[UInt32]]

    /// Sorts the reference; `level` is the rate of false alarms over all features together.
    ///
    /// - Throws: `invalidArgument` for a level outside (0, 1), `failedPrecondition` when no feature has a finite value.
    package init(
        reference: SampleMatrix,
        level: Double = 0.05,
        correction: MultipleTesting = .bonferroni,
        method: KolmogorovSmirnov.Method? = nil,
        alternative: KolmogorovSmirnov.Alternative = .twoSided
    ) throws {
        try checkLevel(level)
        let sorted = (0..<reference.columns).map { OrderedFloats.sortedKeys(reference.finiteColumn($0)) }
        guard sorted.contains(where: { !$0.isEmpty }) else {
            throw MartletError(.failedPrecondition, "No feature of the reference has a finite value.")
        }
        featureNames = reference.names
        self.level = level
        self.correction = correction
        self.method = method
        self.alternative = alternative
        sortedReference = sorted
    }

    package func evaluate(_ current: SampleMatrix) throws -> DetectorReport {
        try checkWidth(of: current)
        var results: [KolmogorovSmirnov.Result?] = []
        for (column, reference) in sortedReference.enumerated() {
            let values = OrderedFloats.sortedKeys(current.finiteColumn(column))
            guard !reference.isEmpty, !values.isEmpty else {
                results.append(nil)
                continue
            }
            let cheap = reference.count.multipliedReportingOverflow(by: values.count)
            let isCheap = !cheap.overflow && cheap.partialValue <= StatisticsLimits.exactLatticeCells
            let result = try KolmogorovSmirnov.test(
                sorted: reference,
                values,
                alternative: alternative,
                method: method ?? (isCheap ? .exact : .asymptotic)
            )
            results.append(result)
        }
        let tested = results.compactMap(\.self)
        guard let most = tested.max(by: { ($1.pValue, $0.statistic) < ($0.pValue, $1.statistic) }) else {
            throw MartletError(
                .failedPrecondition,
                "No feature has finite values in both the reference and the current \(current.rows) rows."
            )
        }
        let decision = try correction.decide(tested.map(\.pValue), level: level)
        let features = zip(featureNames, results).map { name, result in
            FeatureTest(
                name: name,
                statistic: result?.statistic,
                pValue: result?.pValue,
                drifted: decision.rejected && (result.map { $0.pValue < decision.threshold } ?? false)
            )
        }
        return DetectorReport(
            kind: kind,
            statistic: most.statistic,
            pValue: most.pValue,
            threshold: decision.threshold,
            drifted: decision.rejected,
            features: features
        )
    }
}
