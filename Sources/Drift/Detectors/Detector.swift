package import Core

/// Compares tables with a reference that was prepared once.
///
/// An implementation is a value: evaluating changes nothing, and the same table gives the same report.
package protocol Detector: Sendable {
    /// Which detector this is.
    var kind: DetectorKind { get }
    /// The columns that it looks at, in the reference's order.
    var columns: [String] { get }

    /// Compares a table with the reference; more columns than the detector's are no error.
    ///
    /// - Parameter current: The rows to judge.
    /// - Returns: The verdict; without one (`drifted` nil) a reason that says what data is missing.
    /// - Throws: `payloadTooLarge` past a limit and `invalidArgument` for what no data could mend, naming the column.
    func evaluate(_ current: Table) throws(MartletError) -> DetectorReport
}

/// What one detector found.
package struct DetectorReport: Sendable, Equatable {
    /// Which detector it was.
    package let kind: DetectorKind
    /// The detector's statistic: a distance, or the share of drifted columns; nil without a verdict.
    package let statistic: Double?
    /// The p-value of the statistic, before correction; nil for a distance and without a verdict.
    package let pValue: Double?
    /// The bound of the verdict: a p-value must be below it, a distance or share at or above it.
    package let threshold: Double
    /// Whether there is drift; nil for `insufficient data`.
    package let drifted: Bool?
    /// The columns one by one, in the reference's order; empty for a detector that sees all of them at once.
    package let features: [FeatureDrift]
    /// Why there is no verdict, for a person.
    package let reason: String?

    /// A report from its parts.
    ///
    /// - Parameters:
    ///   - kind: The detector.
    ///   - statistic: Its statistic.
    ///   - pValue: The statistic's p-value.
    ///   - threshold: The bound of the verdict.
    ///   - drifted: The verdict; nil for insufficient data.
    ///   - features: The columns one by one.
    ///   - reason: Why there is no verdict.
    package init(
        kind: DetectorKind,
        statistic: Double? = nil,
        pValue: Double? = nil,
        threshold: Double,
        drifted: Bool? = nil,
        features: [FeatureDrift] = [],
        reason: String? = nil
    ) {
        self.kind = kind
        self.statistic = statistic
        self.pValue = pValue
        self.threshold = threshold
        self.drifted = drifted
        self.features = features
        self.reason = reason
    }
}

/// The comparison of one column.
package struct FeatureDrift: Sendable, Equatable {
    /// The column's name.
    package let name: String
    /// The method that compared it.
    package let method: DetectorKind
    /// The p-value or distance that the verdict rests on; nil without a verdict.
    package let score: Double?
    /// The test's statistic; nil where the score is all there is.
    package let statistic: Double?
    /// The p-value before correction; nil for a distance.
    package let pValue: Double?
    /// The bound of the score, after correction for the number of columns.
    package let threshold: Double
    /// Whether the column drifted; nil for `insufficient data`.
    package let drifted: Bool?
    /// Why there is no verdict, for a person.
    package let reason: String?

    /// A comparison from its parts.
    ///
    /// - Parameters:
    ///   - name: The column.
    ///   - method: What compared it.
    ///   - score: The p-value or distance.
    ///   - statistic: The test's statistic.
    ///   - pValue: The p-value before correction.
    ///   - threshold: The bound of the score.
    ///   - drifted: The verdict; nil for insufficient data.
    ///   - reason: Why there is no verdict.
    package init(
        name: String,
        method: DetectorKind,
        score: Double? = nil,
        statistic: Double? = nil,
        pValue: Double? = nil,
        threshold: Double,
        drifted: Bool? = nil,
        reason: String? = nil
    ) {
        self.name = name
        self.method = method
        self.score = score
        self.statistic = statistic
        self.pValue = pValue
        self.threshold = threshold
        self.drifted = drifted
        self.reason = reason
    }
}
