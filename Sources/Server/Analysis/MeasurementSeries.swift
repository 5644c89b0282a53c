package import Core
package import Rollouts

/// One kind of measurement that a rollout wants.
package enum MeasurementKind: Sendable, Equatable {
    /// The candidate's traffic against its own reference.
    case drift
    /// The metric without labels.
    case estimate(EstimateCheck)
    /// The ledger asked again.
    case replay(ReplayGate)
    /// A query.
    case prometheus(PrometheusCheck)
    /// A webhook.
    case webhook(WebhookCheck)

    /// The measurements that checks want, by name.
    package static func wanted(_ checks: RolloutChecks) -> [String: MeasurementKind] {
        var kinds: [String: MeasurementKind] = [:]
        if checks.drift != nil { kinds["drift"] = .drift }
        if let check = checks.estimate { kinds["estimate"] = .estimate(check) }
        if let gate = checks.replay { kinds["replay"] = .replay(gate) }
        for check in checks.prometheus { kinds["prometheus/\(check.external.name)"] = .prometheus(check) }
        for check in checks.webhooks { kinds["webhook/\(check.external.name)"] = .webhook(check) }
        return kinds
    }

    /// How it is counted; nil when the latest measurement alone counts.
    package var external: ExternalCheck? {
        switch self {
        case .prometheus(let check): check.external
        case .webhook(let check): check.external
        case .drift, .estimate, .replay: nil
        }
    }

    /// Time between two measurements.
    var interval: Duration {
        switch self {
        case .prometheus, .webhook: external?.interval ?? .seconds(10)
        case .drift, .estimate: .milliseconds(AnalysisLimits.ledgerMilliseconds)
        case .replay: .milliseconds(AnalysisLimits.replayMilliseconds)
        }
    }
}

/// The measurements of one kind for one rollout: a value that decides when the next is due and what they say together.
package struct MeasurementSeries: Sendable, Equatable {
    /// What is measured.
    package private(set) var kind: MeasurementKind
    /// The stage that is measured.
    package private(set) var stage: Int
    /// When that stage began, or was resumed.
    package private(set) var stageStartedAt: Timestamp
    /// What came last; nil before the first measurement of the stage.
    package private(set) var latest: ExternalMeasurement?
    /// What has come at this stage.
    package private(set) var tally: MeasurementTally
    /// What the measuring side remembers from one measurement to the next, over all stages.
    package private(set) var memory: JSONObject
    /// Whether a measurement is under way, and for which beginning of the stage.
    private var underWay: Timestamp?

    /// A series without measurements.
    package init(_ kind: MeasurementKind, stage: Int, stageStartedAt: Timestamp) {
        self.init(kind, stage: stage, stageStartedAt: stageStartedAt, latest: nil, tally: .init(), memory: [:])
    }

    /// A series as it was stored.
    package init(
        _ kind: MeasurementKind,
        stage: Int,
        stageStartedAt: Timestamp,
        latest: ExternalMeasurement?,
        tally: MeasurementTally,
        memory: JSONObject
    ) {
        self.kind = kind
        self.stage = stage
        self.stageStartedAt = stageStartedAt
        self.latest = latest
        self.tally = tally
        self.memory = memory
    }

    /// Another stage, or the same one resumed, begins to count anew; a changed check does as well.
    package mutating func enter(_ kind: MeasurementKind, stage: Int, stageStartedAt: Timestamp) {
        guard kind != self.kind || stage != self.stage || stageStartedAt != self.stageStartedAt else { return }
        let runs = underWay
        self = MeasurementSeries(
            kind,
            stage: stage,
            stageStartedAt: stageStartedAt,
            latest: nil,
            tally: MeasurementTally(),
            memory: memory
        )
        underWay = runs
    }

    /// Whether further measurements at this stage cannot change what they say.
    package var isSettled: Bool {
        if let check = kind.external { return tally.verdict(check).endsStep }
        // A replay that has decided is not begun again.
        if case .replay = kind, let outcome = latest?.outcome { return outcome != .undecided }
        return false
    }

    /// Begins a measurement if one is due.
    ///
    /// - Returns: whether one is.
    package mutating func begin(now: Timestamp) -> Bool {
        guard underWay == nil, !isSettled, isDue(now) else { return false }
        underWay = stageStartedAt
        return true
    }

    private func isDue(_ now: Timestamp) -> Bool {
        guard let last = latest?.takenAt else {
            let first = stageStartedAt + (kind.external?.initialDelay ?? .zero)
            // A clock that was set back must not put the first measurement off.
            return now >= first || now < stageStartedAt
        }
        return now >= last + kind.interval || now < last
    }

    /// Counts the measurement that was begun; one that was begun for another stage is dropped.
    package mutating func finish(_ measurement: ExternalMeasurement, memory: JSONObject, now: Timestamp) {
        let begun = underWay
        underWay = nil
        self.memory = memory
        guard begun == stageStartedAt else { return }
        var measurement = measurement
        // The time tells measurements apart, whatever the clock does.
        measurement.takenAt = latest.map { $0.takenAt == now ? now + .milliseconds(1) : now } ?? now
        if let check = kind.external {
            tally.add(measurement, under: check.condition)
            measurement.tally = tally
        }
        latest = measurement
    }

    /// Gives up a measurement that was begun, as the server ends.
    package mutating func abandon() { underWay = nil }

    /// What the rollout is told: the latest measurement, or the counts alone after a restart.
    package var told: ExternalMeasurement? { latest }
}
