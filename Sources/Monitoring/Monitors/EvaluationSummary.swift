package import Core

/// One point of a monitor's history.
package struct EvaluationSummary: Sendable, Equatable {
    /// When it was made.
    package let at: Timestamp
    /// The state after it.
    package let state: MonitorStateMachine.State
    /// Whether it found drift; nil when it could not decide.
    package let drift: Bool?
    /// Why it could not decide; nil when it did.
    package let reason: String?
    /// The detector that speaks for it; nil when none did.
    package let detector: String?
    /// That detector's statistic.
    package let score: Double?
    /// That detector's p-value.
    package let pValue: Double?
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
    /// How many events were found in the data itself.
    package let dataEvents: Int

    /// The summary of an evaluation.
    init(_ evaluation: MonitorEvaluation, state: MonitorStateMachine.State) {
        let mmd = evaluation.detectors.first { $0.name == "mmd" }
        let ks = evaluation.detectors.first { $0.name == "ks" }
        let leading = evaluation.leading
        self.init(
            at: evaluation.at,
            state: state,
            drift: evaluation.drift,
            reason: evaluation.reason,
            detector: leading?.name,
            score: leading?.statistic,
            pValue: leading?.pValue,
            mmd: mmd?.statistic,
            mmdPValue: mmd?.pValue,
            ks: ks?.statistic,
            ksPValue: ks?.pValue,
            driftedFeatures: evaluation.features.count(where: \.drifted),
            dataEvents: evaluation.events.count
        )
    }

    /// A summary from its parts.
    ///
    /// - Parameters:
    ///   - at: When it was made.
    ///   - state: The state after it.
    ///   - drift: Whether it found drift.
    ///   - reason: Why it could not decide.
    ///   - detector: The detector that speaks for it.
    ///   - score: Its statistic.
    ///   - pValue: Its p-value.
    ///   - mmd: The statistic of the kernel test.
    ///   - mmdPValue: The p-value of the kernel test.
    ///   - ks: The largest distance of a feature.
    ///   - ksPValue: The smallest p-value of a feature.
    ///   - driftedFeatures: How many features were rejected.
    ///   - dataEvents: How many events were found in the data.
    package init(
        at: Timestamp,
        state: MonitorStateMachine.State,
        drift: Bool?,
        reason: String? = nil,
        detector: String? = nil,
        score: Double? = nil,
        pValue: Double? = nil,
        mmd: Double?,
        mmdPValue: Double?,
        ks: Double?,
        ksPValue: Double?,
        driftedFeatures: Int,
        dataEvents: Int = 0
    ) {
        self.at = at
        self.state = state
        self.drift = drift
        self.reason = reason
        self.detector = detector
        self.score = score
        self.pValue = pValue
        self.mmd = mmd
        self.mmdPValue = mmdPValue
        self.ks = ks
        self.ksPValue = ksPValue
        self.driftedFeatures = driftedFeatures
        self.dataEvents = dataEvents
    }
}
