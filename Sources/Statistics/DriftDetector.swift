import Core

/// The detectors there are, by the name that specifications, metrics and the API use.
package enum DetectorKind: String, Sendable, CaseIterable {
    /// Maximum mean discrepancy: one verdict over all features together.
    case maximumMeanDiscrepancy = "mmd"
    /// Kolmogorov–Smirnov feature by feature with a correction for their number.
    case kolmogorovSmirnov = "ks"
}

/// Compares current rows with a reference that it prepared at creation.
///
/// An implementation is a value: evaluating changes nothing, and the same rows give the same report. Rejections keep the
/// chance of a false alarm at the detector's level, however many features there are.
package protocol DriftDetector: Sendable {
    /// Which detector this is.
    var kind: DetectorKind { get }
    /// The names of the reference's features, in order.
    var featureNames: [String] { get }
    /// The rate of false alarms that a verdict may have, between 0 and 1.
    var level: Double { get }

    /// Compares rows with the reference.
    ///
    /// - Throws: `failedPrecondition` when the rows cannot support a verdict (too few, none finite), `invalidArgument` for
    ///   another number of features, `payloadTooLarge` past `StatisticsLimits`.
    func evaluate(_ current: SampleMatrix) throws -> DetectorReport
}

/// What one detector found.
package struct DetectorReport: Sendable, Equatable {
    /// Which detector it was.
    package let kind: DetectorKind
    /// The detector's statistic: the squared discrepancy, or the largest distance of any feature.
    package let statistic: Double
    /// The p-value of that statistic, before correction: 0 to 1.
    package let pValue: Double
    /// The bound that a p-value must be strictly below to be rejected.
    package let threshold: Double
    /// Whether the hypothesis "nothing changed" is rejected.
    package let drifted: Bool
    /// The tests by feature, in the reference's order; empty for a detector that sees all features at once.
    package let features: [FeatureTest]
}

/// The test of one feature.
package struct FeatureTest: Sendable, Equatable {
    /// The feature's name.
    package let name: String
    /// The distance, 0 to 1; nil when one side has no finite value.
    package let statistic: Double?
    /// The p-value before correction; nil when one side has no finite value.
    package let pValue: Double?
    /// Whether the feature is rejected after correction.
    package let drifted: Bool

    /// A test from its parts.
    package init(name: String, statistic: Double?, pValue: Double?, drifted: Bool) {
        self.name = name
        self.statistic = statistic
        self.pValue = pValue
        self.drifted = drifted
    }
}

extension DriftDetector {
    /// Refuses rows whose width is not the reference's.
    func checkWidth(of current: SampleMatrix) throws {
        guard current.columns == featureNames.count else {
            throw MartletError(
                .invalidArgument,
                "The current rows have \(current.columns) features; the reference has \(featureNames.count)."
            )
        }
    }
}

/// Refuses a level that is no probability between 0 and 1.
func checkLevel(_ level: Double) throws {
    guard level > 0, level < 1 else {
        throw MartletError(.invalidArgument, "The p_value \(level) is not between 0 and 1; 0.01 and 0.05 are usual.")
    }
}
