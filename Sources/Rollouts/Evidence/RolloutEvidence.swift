import Core
import Synchronization

/// Collects a rollout's evidence while requests are served; a struct behind a lock, a few additions per request.
package final class RolloutEvidence: Sendable {
    private struct State {
        var snapshot: EvidenceSnapshot
        var thresholdNanoseconds: UInt64?
        var baseline: LatencyHistogram
    }

    /// The rollout it belongs to.
    package let rollout: String
    /// The version on trial.
    package let candidate: Int
    private let latency: LatencyCheck?
    private let state: Mutex<State>

    /// Starts collecting.
    ///
    /// `latency` is the check whose threshold is fixed from `baseline`, the stable version's latencies before the
    /// rollout; `snapshot` is what an earlier run of the server collected.
    package init(
        rollout: String,
        candidate: Int,
        latency: LatencyCheck?,
        baseline: LatencyHistogram,
        snapshot: EvidenceSnapshot = EvidenceSnapshot()
    ) {
        self.rollout = rollout
        self.candidate = candidate
        self.latency = latency
        var state = State(snapshot: snapshot, baseline: baseline)
        state.thresholdNanoseconds = Self.threshold(latency, baseline)
        state.snapshot.latencyThresholdKnown = state.thresholdNanoseconds != nil
        self.state = Mutex(state)
    }

    /// Adds one answered request.
    package func record(_ arm: TrafficArm, step: Int, nanoseconds: UInt64, failed: Bool) {
        state.withLock { state in
            Self.ensure(step, &state.snapshot)
            var evidence = state.snapshot.steps[step][arm]
            evidence.requests += 1
            if failed {
                evidence.errors += 1
            } else if let threshold = state.thresholdNanoseconds {
                evidence.timed += 1
                if nanoseconds > threshold { evidence.slow += 1 }
            } else if arm == .stable, latency != nil {
                state.baseline.record(nanoseconds)
                state.thresholdNanoseconds = Self.threshold(latency, state.baseline)
                state.snapshot.latencyThresholdKnown = state.thresholdNanoseconds != nil
            }
            state.snapshot.steps[step][arm] = evidence
        }
    }

    /// Adds rows that both versions scored.
    package func recordShadow(differing: Int, of rows: Int) {
        state.withLock { state in
            let before = state.snapshot.disagreement
            state.snapshot.disagreement = Proportion(before.count + differing, of: before.total + rows)
        }
    }

    /// Adds one label.
    package func record(_ outcome: LabelOutcome) {
        state.withLock { $0.snapshot.add(outcome) }
    }

    /// The evidence so far.
    package func snapshot(candidateDrift: Bool?) -> EvidenceSnapshot {
        var snapshot = state.withLock { $0.snapshot }
        snapshot.candidateDrift = candidateDrift
        return snapshot
    }

    private static func ensure(_ step: Int, _ snapshot: inout EvidenceSnapshot) {
        while snapshot.steps.count <= step { snapshot.steps.append(StepEvidence()) }
    }

    private static func threshold(_ check: LatencyCheck?, _ baseline: LatencyHistogram) -> UInt64? {
        guard let check, baseline.total >= RolloutsLimits.latencyBaseline,
            let quantile = baseline.quantile(check.quantile)
        else { return nil }
        let tolerated = max(Double(quantile) * check.maximumRatio, Double(quantile) + check.minimumIncrease * 1e9)
        return UInt64(exactly: tolerated.rounded()) ?? .max
    }
}

/// A label joined to its prediction: what it says about the arms.
package struct LabelOutcome: Sendable, Equatable {
    /// The rollout during which the row was served.
    package let rollout: String
    /// The step in force then.
    package let step: Int
    /// The arm that answered.
    package let arm: TrafficArm
    /// Whether the stable version was right; nil when it did not score the row.
    package let stableIsRight: Bool?
    /// Whether the candidate was right; nil when it did not score the row.
    package let candidateIsRight: Bool?

    /// Makes an outcome.
    package init(rollout: String, step: Int, arm: TrafficArm, stableIsRight: Bool?, candidateIsRight: Bool?) {
        self.rollout = rollout
        self.step = step
        self.arm = arm
        self.stableIsRight = stableIsRight
        self.candidateIsRight = candidateIsRight
    }
}

extension StepEvidence {
    /// The evidence of one arm.
    package subscript(arm: TrafficArm) -> ArmEvidence {
        get { arm == .stable ? stable : candidate }
        set {
            if arm == .stable { stable = newValue } else { candidate = newValue }
        }
    }
}

extension EvidenceSnapshot {
    /// Counts the labels anew from the ledger, which is the truth about them.
    package mutating func replaceLabels(_ outcomes: [LabelOutcome]) {
        pairs = PairedOutcomes()
        for index in steps.indices {
            for arm in [TrafficArm.stable, .candidate] {
                steps[index][arm].labelled = 0
                steps[index][arm].correct = 0
            }
        }
        for outcome in outcomes { add(outcome) }
    }

    /// Adds one label: to the arm that answered, and to the pairs when both versions scored the row.
    package mutating func add(_ outcome: LabelOutcome) {
        guard outcome.step >= 0, outcome.step < RolloutsLimits.steps else { return }
        while steps.count <= outcome.step { steps.append(StepEvidence()) }
        let own = outcome.arm == .stable ? outcome.stableIsRight : outcome.candidateIsRight
        if let own {
            steps[outcome.step][outcome.arm].labelled += 1
            if own { steps[outcome.step][outcome.arm].correct += 1 }
        }
        switch (outcome.stableIsRight, outcome.candidateIsRight) {
        case (true?, true?): pairs.both += 1
        case (true?, false?): pairs.stableOnly += 1
        case (false?, true?): pairs.candidateOnly += 1
        case (false?, false?): pairs.neither += 1
        default: break
        }
    }
}
