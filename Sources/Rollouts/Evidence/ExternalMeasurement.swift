package import Core

/// Evidence that comes from outside the requests: a query, a webhook, drift, an estimate, a replay.
package struct ExternalMeasurement: Sendable, Equatable {
    /// When it was taken; a measurement with the time of one already seen is the same one.
    package var takenAt: Timestamp
    /// The figure; nil when there is none.
    package var value: Double?
    /// What the measuring side says; nil leaves it to the check's condition on `value`.
    package var outcome: CheckResult.Outcome?
    /// Whether the measurement itself failed: no connection, no answer in time, an answer that cannot be read.
    package var isError: Bool
    /// The rows behind the figure, where that is known.
    package var samples: Int?
    /// What people read.
    package var message: String
    /// What has come at this stage, where the measuring side counts by `MeasurementTally.add` itself; nil has the state
    /// machine count.
    package var tally: MeasurementTally?

    /// Makes a measurement.
    package init(
        takenAt: Timestamp,
        value: Double? = nil,
        outcome: CheckResult.Outcome? = nil,
        isError: Bool = false,
        samples: Int? = nil,
        message: String = "",
        tally: MeasurementTally? = nil
    ) {
        self.tally = tally
        self.takenAt = takenAt
        self.value = value
        self.outcome = outcome
        self.isError = isError
        self.samples = samples
        self.message = message
    }

    /// What the measurement says: an error says nothing, and a value that is no number never passes.
    package func outcome(under condition: MeasurementCondition) -> CheckResult.Outcome {
        if isError { return .undecided }
        let judged = condition.isEmpty && value == nil ? CheckResult.Outcome.pass : condition.outcome(of: value)
        guard let outcome else { return condition.isEmpty ? .undecided : judged }
        if outcome == .fail || judged == .fail { return .fail }
        return outcome == .pass && judged == .pass ? .pass : .undecided
    }
}

/// What has come of one external check at the present step.
package struct MeasurementTally: Sendable, Equatable {
    /// Good measurements.
    package var passed = 0
    /// Measurements that showed harm.
    package var failed = 0
    /// Measurements without an answer.
    package var inconclusive = 0
    /// Errors since the last measurement that was none.
    package var errorsInARow = 0
    /// When the last measurement was taken; nil before the first.
    package var lastAt: Timestamp?
    /// The last figure; nil when the last measurement had none.
    package var lastValue: Double?
    /// What the last measurement said.
    package var lastMessage = ""

    /// Makes an empty tally.
    package init() {}

    /// Counts a measurement, unless it was counted before.
    package mutating func add(_ measurement: ExternalMeasurement, under condition: MeasurementCondition) {
        guard measurement.takenAt != lastAt else { return }
        lastAt = measurement.takenAt
        lastValue = measurement.value.flatMap { $0.isFinite ? $0 : nil }
        lastMessage = measurement.message
        guard !measurement.isError else {
            errorsInARow += 1
            return
        }
        errorsInARow = 0
        switch measurement.outcome(under: condition) {
        case .pass: passed += 1
        case .fail: failed += 1
        case .undecided: inconclusive += 1
        }
    }
}

/// What a rollout wants measured: asked at every look.
package struct RolloutQuestion: Sendable, Equatable {
    /// The deployment.
    package var deployment: String
    /// The rollout's id.
    package var rollout: String
    /// The trusted version.
    package var stable: Int
    /// The version on trial.
    package var candidate: Int
    /// The stage in force.
    package var step: Int
    /// Whether the candidate is promoted already and only watched.
    package var isWatching: Bool
    /// When the rollout began.
    package var startedAt: Timestamp
    /// When the stage began or was resumed: the measurements of `ExternalCheck` are counted from here.
    package var stepStartedAt: Timestamp
    /// The stage's checks; measurements are named `drift`, `estimate`, `replay`, `prometheus/<name>`, `webhook/<name>`.
    package var checks: RolloutChecks
    /// The present time.
    package var now: Timestamp

    /// Makes a question.
    package init(
        deployment: String,
        rollout: String,
        stable: Int,
        candidate: Int,
        step: Int,
        isWatching: Bool,
        startedAt: Timestamp,
        stepStartedAt: Timestamp,
        checks: RolloutChecks,
        now: Timestamp
    ) {
        self.deployment = deployment
        self.rollout = rollout
        self.stable = stable
        self.candidate = candidate
        self.step = step
        self.isWatching = isWatching
        self.startedAt = startedAt
        self.stepStartedAt = stepStartedAt
        self.checks = checks
        self.now = now
    }
}
