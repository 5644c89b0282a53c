package import Core
import Statistics

/// One comparison of a window with its reference.
package struct MonitorEvaluation: Sendable, Equatable {
    /// What one detector found, or why it found nothing.
    package struct Detector: Sendable, Equatable {
        /// Which detector, as specifications name it.
        package let name: String
        /// The rate of false alarms that it was asked for.
        package let level: Double
        /// Its statistic; nil when it could not decide.
        package let statistic: Double?
        /// The p-value of the statistic.
        package let pValue: Double?
        /// The bound that a p-value must be below.
        package let threshold: Double?
        /// Whether it rejects.
        package let drifted: Bool
        /// Why it could not decide, for a person.
        package let reason: String?
    }

    /// What happened to one feature.
    package struct Feature: Sendable, Equatable {
        /// The feature's name.
        package let name: String
        /// The largest distance between the distribution functions; nil when it was not tested.
        package let statistic: Double?
        /// The p-value of that distance, before correction.
        package let pValue: Double?
        /// Whether it is rejected after correction.
        package let drifted: Bool
        /// Mean of the finite reference values; nil without one.
        package let referenceMean: Double?
        /// Mean of the finite current values; nil without one.
        package let currentMean: Double?
        /// Share of the reference values that are NaN or infinite.
        package let referenceMissing: Double
        /// Share of the current values that are NaN or infinite.
        package let currentMissing: Double
    }

    /// When it was made.
    package let at: Timestamp
    /// The model version whose reference was used.
    package let referenceVersion: String
    /// Rows of the reference.
    package let referenceRows: Int
    /// Rows of the window.
    package let windowRows: Int
    /// Whether any detector rejects; nil when none could decide.
    package let drift: Bool?
    /// The detectors, the kernel test first.
    package let detectors: [Detector]
    /// The features in the reference's order.
    package let features: [Feature]
}

/// One point of a monitor's history.
package struct EvaluationSummary: Sendable, Equatable {
    /// When it was made.
    package let at: Timestamp
    /// The state after it.
    package let state: MonitorStateMachine.State
    /// Whether it found drift; nil when it could not decide.
    package let drift: Bool?
    /// The statistic of the kernel test; nil without one.
    package let mmd: Double?
    /// The p-value of the kernel test.
    package let mmdPValue: Double?
    /// The largest distance of a feature; nil without one.
    package let ks: Double?
    /// The smallest p-value of a feature.
    package let ksPValue: Double?
    /// How many features were rejected.
    package let driftedFeatures: Int

    /// The summary of an evaluation.
    init(_ evaluation: MonitorEvaluation, state: MonitorStateMachine.State) {
        let mmd = evaluation.detectors.first { $0.name == DetectorKind.maximumMeanDiscrepancy.rawValue }
        let ks = evaluation.detectors.first { $0.name == DetectorKind.kolmogorovSmirnov.rawValue }
        self.init(
            at: evaluation.at,
            state: state,
            drift: evaluation.drift,
            mmd: mmd?.statistic,
            mmdPValue: mmd?.pValue,
            ks: ks?.statistic,
            ksPValue: ks?.pValue,
            driftedFeatures: evaluation.features.count(where: \.drifted)
        )
    }

    /// A summary from its parts.
    package init(
        at: Timestamp,
        state: MonitorStateMachine.State,
        drift: Bool?,
        mmd: Double?,
        mmdPValue: Double?,
        ks: Double?,
        ksPValue: Double?,
        driftedFeatures: Int
    ) {
        self.at = at
        self.state = state
        self.drift = drift
        self.mmd = mmd
        self.mmdPValue = mmdPValue
        self.ks = ks
        self.ksPValue = ksPValue
        self.driftedFeatures = driftedFeatures
    }
}
