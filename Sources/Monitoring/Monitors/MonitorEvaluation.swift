package import Core
package import Drift

/// One comparison of a window with its reference.
package struct MonitorEvaluation: Sendable, Equatable {
    /// What one detector found, or why it found nothing.
    package struct Detector: Sendable, Equatable {
        /// Which detector, as specifications name it.
        package let name: String
        /// What a sequential detector reads; nil for one that compares the window.
        package let source: String?
        /// Its statistic: a distance, a share of columns, or what a sequential detector charts; nil without one.
        package let statistic: Double?
        /// The p-value of the statistic; nil for a distance.
        package let pValue: Double?
        /// The bound of the verdict.
        package let threshold: Double?
        /// Whether it rejects.
        package let drifted: Bool
        /// Whether it could decide.
        package let isDecided: Bool
        /// Why it could not decide, or what a person should know of the verdict.
        package let reason: String?
        /// The columns one by one; empty for a detector that sees all at once.
        package let tests: [Test]
    }

    /// What one detector found in one column.
    package struct Test: Sendable, Equatable {
        /// The column.
        package let name: String
        /// The method that compared it.
        package let detector: String
        /// The p-value or distance that the verdict rests on.
        package let score: Double?
        /// The test's statistic; nil where the score is all there is.
        package let statistic: Double?
        /// The p-value before correction; nil for a distance.
        package let pValue: Double?
        /// The bound of the score.
        package let threshold: Double
        /// Whether the column drifted.
        package let drifted: Bool
        /// Why there is no verdict.
        package let reason: String?
    }

    /// What happened to one feature.
    package struct Feature: Sendable, Equatable {
        /// The feature's name.
        package let name: String
        /// The method that speaks for it; nil when it was not tested.
        package let detector: String?
        /// The statistic or distance of its test; nil when it was not tested.
        package let statistic: Double?
        /// The p-value before correction; nil for a distance.
        package let pValue: Double?
        /// Whether it is rejected after correction.
        package let drifted: Bool
        /// Mean of the finite reference values; nil without one.
        package let referenceMean: Double?
        /// Mean of the finite current values; nil without one.
        package let currentMean: Double?
        /// Share of the reference values that are missing or infinite.
        package let referenceMissing: Double
        /// Share of the current values that are missing or infinite.
        package let currentMissing: Double
    }

    /// When it was made.
    package let at: Timestamp
    /// The model version or dataset whose rows were the reference.
    package let referenceVersion: String
    /// Rows of the reference.
    package let referenceRows: Int
    /// Rows of the window.
    package let windowRows: Int
    /// Whether any detector rejects or a data event counts; nil for `insufficient data`.
    package let drift: Bool?
    /// How much drift matters here.
    package let severity: MonitorSeverity
    /// Why there is no verdict; nil when there is one.
    package let reason: String?
    /// The detectors, in the order declared.
    package let detectors: [Detector]
    /// The features in the reference's order.
    package let features: [Feature]
    /// What changed in the data itself.
    package let events: [DataEvent]

    /// The data events in words, each with its column.
    package var eventTexts: [String] { events.map { "\($0.column): \($0.detail)" } }

    /// The detector that speaks for the evaluation: the first that rejects, else the first that decided.
    package var leading: Detector? {
        detectors.first { $0.drifted } ?? detectors.first { $0.isDecided && $0.statistic != nil }
    }
}

extension MonitorEvaluation.Detector {
    /// What a detector over tables reported.
    init(_ report: DetectorReport) {
        self.init(
            name: report.kind.rawValue,
            source: nil,
            statistic: report.statistic,
            pValue: report.pValue,
            threshold: report.threshold,
            drifted: report.drifted ?? false,
            isDecided: report.drifted != nil,
            reason: report.reason,
            tests: report.features.map { feature in
                MonitorEvaluation.Test(
                    name: feature.name,
                    detector: feature.method.rawValue,
                    score: feature.score,
                    statistic: feature.statistic,
                    pValue: feature.pValue,
                    threshold: feature.threshold,
                    drifted: feature.drifted ?? false,
                    reason: feature.reason
                )
            }
        )
    }

    /// A detector that could not decide.
    init(name: String, source: String? = nil, reason: String, threshold: Double? = nil) {
        self.init(
            name: name,
            source: source,
            statistic: nil,
            pValue: nil,
            threshold: threshold,
            drifted: false,
            isDecided: false,
            reason: reason,
            tests: []
        )
    }
}
