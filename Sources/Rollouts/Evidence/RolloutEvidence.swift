import Core
import Synchronization

/// Rows that the other side of a rollout scored off the request path.
package struct ShadowRows: Sendable, Equatable {
    /// The stage in force when the request was answered.
    package var step: Int
    /// The side that scored beside the one that answered.
    package var arm: TrafficArm
    /// How many rows it was given.
    package var rows: Int
    /// Whether it failed on them.
    package var failed: Bool
    /// Rows on which the two answers differ.
    package var differing: Int
    /// Both answers of each row, as class index or as number; NaN for an answer that is missing.
    package var answers: [(stable: Double, candidate: Double)]

    /// Makes rows.
    package init(
        step: Int,
        arm: TrafficArm,
        rows: Int,
        failed: Bool = false,
        differing: Int = 0,
        answers: [(stable: Double, candidate: Double)] = []
    ) {
        self.step = step
        self.arm = arm
        self.rows = rows
        self.failed = failed
        self.differing = differing
        self.answers = answers
    }

    package static func == (left: ShadowRows, right: ShadowRows) -> Bool {
        left.step == right.step && left.arm == right.arm && left.rows == right.rows && left.failed == right.failed
            && left.differing == right.differing && left.answers.elementsEqual(right.answers, by: ==)
    }
}

/// Collects a rollout's evidence while requests are served; a struct behind a lock, a few additions per request.
package final class RolloutEvidence: Sendable {
    private struct State {
        var snapshot: EvidenceSnapshot
        var thresholdNanoseconds: UInt64?
        var baseline: LatencyHistogram
        /// The stable version's first answers, until the bins are fixed.
        var firstAnswers: [Double] = []
    }

    /// The rollout it belongs to.
    package let rollout: String
    /// The version on trial.
    package let candidate: Int
    private let latency: LatencyCheck?
    private let scale: AnswerScale
    private let state: Mutex<State>

    /// Starts collecting.
    ///
    /// - Parameters:
    ///   - rollout: The rollout's id.
    ///   - candidate: The version on trial.
    ///   - latency: The check whose threshold is fixed from `baseline`.
    ///   - baseline: The stable version's latencies before the rollout.
    ///   - errorsBefore: The stable version's failed requests, out of all, before the rollout.
    ///   - scale: How answers are sorted into bins.
    ///   - snapshot: What an earlier run of the server collected.
    package init(
        rollout: String,
        candidate: Int,
        latency: LatencyCheck?,
        baseline: LatencyHistogram,
        errorsBefore: Proportion = Proportion(),
        scale: AnswerScale = .numbers,
        snapshot: EvidenceSnapshot = EvidenceSnapshot()
    ) {
        self.rollout = rollout
        self.candidate = candidate
        self.latency = latency
        self.scale = scale
        var state = State(snapshot: snapshot, baseline: baseline)
        if errorsBefore.total > 0 { state.snapshot.errorsBefore = errorsBefore }
        if let known = snapshot.latencyThreshold, latency != nil {
            state.thresholdNanoseconds = known
        } else {
            Self.fixThreshold(latency, &state)
        }
        state.snapshot.latencyThresholdKnown = state.thresholdNanoseconds != nil
        if state.snapshot.answers.aspects == 0, case .classes = scale { state.snapshot.answers.fix(scale) }
        self.state = Mutex(state)
    }

    /// Adds one answered request.
    package func record(_ arm: TrafficArm, step: Int, nanoseconds: UInt64, failed: Bool) {
        state.withLock { state in
            state.snapshot.ensure(step)
            state.snapshot.steps[step][arm].requests += 1
            guard !failed else {
                state.snapshot.steps[step][arm].errors += 1
                return
            }
            state.snapshot.steps[step][arm].latency.add(Double(nanoseconds) / 1e9)
            if let threshold = state.thresholdNanoseconds {
                state.snapshot.steps[step][arm].timed += 1
                if nanoseconds > threshold { state.snapshot.steps[step][arm].slow += 1 }
            } else if arm == .stable, latency != nil {
                state.baseline.record(nanoseconds)
                Self.fixThreshold(latency, &state)
            }
        }
    }

    /// Adds the answers of one request as given out, one for each row.
    ///
    /// - Parameters:
    ///   - arm: The side that answered.
    ///   - step: The stage in force.
    ///   - answers: Class indexes or numbers; NaN for an answer that is missing.
    package func recordAnswers(_ arm: TrafficArm, step: Int, _ answers: some Sequence<Double>) {
        state.withLock { state in
            state.snapshot.ensure(step)
            for answer in answers {
                state.snapshot.steps[step][arm].answers += 1
                guard answer.isFinite else {
                    state.snapshot.steps[step][arm].missing += 1
                    continue
                }
                state.snapshot.steps[step][arm].score.add(answer)
                count(answer, of: arm, step: step, &state)
            }
        }
    }

    private func count(_ answer: Double, of arm: TrafficArm, step: Int, _ state: inout State) {
        let bins = state.snapshot.answers.bins
        guard bins > 0 else {
            if arm == .stable { learn(answer, &state) }
            return
        }
        guard let bin = state.snapshot.answers.bin(of: answer) else { return }
        if state.snapshot.steps[step][arm].bins.count != bins {
            state.snapshot.steps[step][arm].bins = [Int](repeating: 0, count: bins)
        }
        state.snapshot.steps[step][arm].bins[bin] += 1
    }

    /// Fixes the bins once enough answers of the stable version are known; those answers are not compared.
    private func learn(_ answer: Double, _ state: inout State) {
        state.firstAnswers.append(answer)
        guard state.firstAnswers.count >= RolloutsLimits.answerBaseline else { return }
        state.snapshot.answers.fix(scale, bounds: AnswerEvidence.bounds(of: state.firstAnswers))
        state.firstAnswers = []
    }

    /// Adds rows that both versions scored.
    package func recordShadow(differing: Int, of rows: Int) {
        state.withLock { state in
            let before = state.snapshot.disagreement
            state.snapshot.disagreement = Proportion(before.count + differing, of: before.total + rows)
        }
    }

    /// Adds rows that the other side scored too, or failed to.
    package func recordShadow(_ shadow: ShadowRows) {
        state.withLock { state in
            state.snapshot.ensure(shadow.step)
            state.snapshot.steps[shadow.step][shadow.arm].shadowed += shadow.rows
            guard !shadow.failed else {
                state.snapshot.steps[shadow.step][shadow.arm].shadowErrors += shadow.rows
                return
            }
            let before = state.snapshot.disagreement
            state.snapshot.disagreement = Proportion(
                before.count + shadow.differing,
                of: before.total + shadow.rows
            )
            for (stable, candidate) in shadow.answers {
                let own = shadow.arm == .stable ? stable : candidate
                state.snapshot.steps[shadow.step][shadow.arm].answers += 1
                if !own.isFinite { state.snapshot.steps[shadow.step][shadow.arm].missing += 1 }
                if state.snapshot.answers.aspects == 0 {
                    // The arm that answered is asked by `recordAnswers`, where the stable version's answers are learned.
                    if shadow.arm == .stable, stable.isFinite { learn(stable, &state) }
                } else {
                    state.snapshot.answers.add(stable: stable, candidate: candidate)
                }
            }
        }
    }

    /// Adds one label.
    package func record(_ outcome: LabelOutcome) {
        state.withLock { $0.snapshot.add(outcome) }
    }

    /// Counts the labels anew from the ledger, which is the truth about them: after a restart or a correction.
    package func replaceLabels(_ outcomes: [LabelOutcome]) {
        state.withLock { $0.snapshot.replaceLabels(outcomes) }
    }

    /// The evidence so far.
    ///
    /// - Parameters:
    ///   - candidateDrift: The monitor's verdict on the candidate; nil without one.
    ///   - measurements: What came from outside, by name.
    /// - Returns: what the state machine is shown.
    package func snapshot(
        candidateDrift: Bool? = nil,
        measurements: [String: ExternalMeasurement] = [:]
    ) -> EvidenceSnapshot {
        var snapshot = state.withLock { $0.snapshot }
        snapshot.candidateDrift = candidateDrift
        snapshot.measurements = measurements
        return snapshot
    }

    /// Fixes what counts as slow, once the stable version's latency is known well enough.
    private static func fixThreshold(_ check: LatencyCheck?, _ state: inout State) {
        guard let check, state.baseline.total >= RolloutsLimits.latencyBaseline,
            let quantile = state.baseline.quantile(check.quantile)
        else { return }
        let tolerated = max(Double(quantile) * check.maximumRatio, Double(quantile) + check.minimumIncrease * 1e9)
        let threshold = UInt64(exactly: tolerated.rounded()) ?? .max
        state.thresholdNanoseconds = threshold
        state.snapshot.latencyThreshold = threshold
        state.snapshot.latencyThresholdKnown = true
        state.snapshot.slowBefore = Proportion(state.baseline.count(above: threshold), of: state.baseline.total)
    }
}

extension StepEvidence {
    /// The evidence of one arm.
    package subscript(arm: TrafficArm) -> ArmEvidence {
        get { arm == .stable ? stable : candidate }
        _modify {
            if arm == .stable { yield &stable } else { yield &candidate }
        }
    }
}
