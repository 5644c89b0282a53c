package import Core

/// Decides how a candidate version climbs to all of a deployment's traffic, or does not.
///
/// A value type without I/O and without a clock: events go in with the present time, actions come out, and the
/// deployment controller performs them. Transitions:
///
/// ```
/// idle ──started──► progressing(0)
/// progressing(n) ──checks pass──► baking(n) ──bake over──► progressing(n+1) … or promoting after the last step
/// baking(n) ──a check no longer passes──► progressing(n)
/// progressing(n) ──timeout──► inconclusive(n) (hold) or rolledBack (rollback)
/// progressing, baking, inconclusive ──pause──► paused(n) ──resume──► progressing(n)
/// inconclusive(n) ──checks pass──► climbs;  ──resume──► progressing(n) with a new timeout
/// any active state ──a check fails──► rolledBack;  ──abort──► aborted;  ──promote──► promoting
/// promoting ──promotionFinished──► promoted
/// any state ──started──► progressing(0) of the new candidate
/// any state but promoting and the ends ──candidateFailedToLoad──► rolledBack
/// ```
///
/// Without traffic there is no evidence and so no pass: such a rollout ends inconclusive, never promoted.
package struct RolloutStateMachine: Sendable, Equatable {
    /// Where the rollout stands.
    package enum State: Sendable, Equatable {
        /// Nothing is being rolled out.
        case idle
        /// Collecting evidence at a step.
        case progressing(step: Int)
        /// The step's checks pass; its bake time is not over.
        case baking(step: Int)
        /// Weights are held by an operator; harm still rolls back.
        case paused(step: Int)
        /// The step's timeout passed without a verdict; weights are held.
        case inconclusive(step: Int, RolloutReason)
        /// The candidate is being made the stable version.
        case promoting
        /// All traffic went back to the stable version.
        case rolledBack(RolloutReason)
        /// The candidate is the stable version.
        case promoted
        /// An operator ended the rollout; all traffic went back.
        case aborted(RolloutReason)
    }

    /// What happened.
    package enum Event: Sendable, Equatable {
        /// A new candidate is loaded and wants traffic.
        case started(candidate: Int)
        /// A new look at the evidence.
        case evidence(EvidenceSnapshot)
        /// Time passed.
        case tick
        /// An operator holds the weights.
        case pause
        /// An operator lets the rollout go on, with a new timeout.
        case resume
        /// An operator promotes without waiting for evidence.
        case promote
        /// The controller made the candidate the stable version.
        case promotionFinished
        /// An operator, or the alias moving back, ends the rollout.
        case abort(RolloutReason)
        /// The candidate's files are missing, corrupt or not loadable.
        case candidateFailedToLoad(String)
    }

    /// What the controller has to do, in order.
    package enum Action: Sendable, Equatable {
        /// Route by this plan from now on.
        case setWeights(TrafficPlan)
        /// Make this version the stable one, then report `promotionFinished`.
        case promote(version: Int)
        /// Route everything to the stable version, move the alias back and remember the version as rejected.
        case rollBack(version: Int, RolloutReason)
        /// Store the state and the evidence that led to it, with a line for people.
        case record(EvidenceSnapshot, String)
        /// Tell the operator that the event does not fit the state.
        case refuse(String)
    }

    /// How the rollout climbs.
    package let spec: RolloutSpec
    /// The trusted version.
    package private(set) var stable: Int
    /// The version on trial; nil while idle.
    package private(set) var candidate: Int?
    /// Where the rollout stands.
    package private(set) var state: State
    /// When the rollout began.
    package private(set) var startedAt: Timestamp
    /// When the present step began or was resumed.
    package private(set) var stepStartedAt: Timestamp
    /// The latest look at the evidence.
    package private(set) var evidence: EvidenceSnapshot

    /// Makes an idle machine; `spec` must come from a validated `DeploymentSpec` or have at least one step.
    package init(spec: RolloutSpec, stable: Int) {
        self.spec = spec
        self.stable = stable
        candidate = nil
        state = .idle
        startedAt = Timestamp(milliseconds: 0)
        stepStartedAt = startedAt
        evidence = EvidenceSnapshot()
    }

    /// Restores a machine from its record after a restart.
    package init(
        spec: RolloutSpec,
        stable: Int,
        candidate: Int,
        state: State,
        startedAt: Timestamp,
        stepStartedAt: Timestamp,
        evidence: EvidenceSnapshot
    ) {
        self.spec = spec
        self.stable = stable
        self.candidate = candidate
        self.state = state
        self.startedAt = startedAt
        self.stepStartedAt = stepStartedAt
        self.evidence = evidence
    }

    /// The step in force; nil when no rollout is active.
    package var step: Int? { state.step }

    /// Whether a candidate is on trial or being promoted.
    package var isActive: Bool { step != nil || state == .promoting }

    /// The traffic plan that belongs to the present state.
    package var plan: TrafficPlan {
        switch state {
        case .promoting:
            return TrafficPlan(stable: stable, candidate: candidate, candidatePercent: 100, step: spec.steps.count - 1)
        case .promoted:
            return TrafficPlan(stable: candidate ?? stable)
        default:
            guard let step, let candidate else { return TrafficPlan(stable: stable) }
            return TrafficPlan(stable: stable, candidate: candidate, candidatePercent: percent(of: step), step: step)
        }
    }

    /// The answers of the checks at the present step; empty when no rollout is active.
    package func checkResults(now: Timestamp) -> [CheckResult] {
        guard let step else { return [] }
        return judge(step, now: now).results()
    }

    /// Takes one event and returns what has to be done.
    package mutating func handle(_ event: Event, now: Timestamp) -> [Action] {
        switch event {
        case .started(let version): start(version, now: now)
        case .evidence(let snapshot): look(at: snapshot, now: now)
        case .tick: evaluate(now: now)
        case .pause: pause()
        case .resume: resume(now: now)
        case .promote: promoteByHand()
        case .promotionFinished: finishPromotion()
        case .abort(let reason): abort(reason)
        case .candidateFailedToLoad(let message): failToLoad(message)
        }
    }
}

// MARK: - Events of operators and of the controller

extension RolloutStateMachine {
    private mutating func start(_ version: Int, now: Timestamp) -> [Action] {
        var actions: [Action] = []
        if step != nil, let candidate {
            actions.append(.record(evidence, "version \(candidate) is superseded by version \(version)"))
        }
        if state == .promoted || state == .promoting, let candidate { stable = candidate }
        guard version != stable else {
            candidate = nil
            state = .idle
            return actions + [.setWeights(plan), .record(evidence, "version \(version) already serves")]
        }
        candidate = version
        evidence = EvidenceSnapshot()
        startedAt = now
        return actions + enter(step: 0, now: now)
    }

    private mutating func pause() -> [Action] {
        switch state {
        case .progressing(let step), .baking(let step), .inconclusive(let step, _):
            state = .paused(step: step)
            return [.record(evidence, "paused at \(percent(of: step)) %")]
        case .paused: return [.refuse("The rollout is already paused.")]
        case .idle, .promoting, .rolledBack, .promoted, .aborted:
            return [.refuse("No rollout is in progress to pause.")]
        }
    }

    private mutating func resume(now: Timestamp) -> [Action] {
        switch state {
        case .paused(let step), .inconclusive(let step, _):
            state = .progressing(step: step)
            stepStartedAt = now
            return [.record(evidence, "resumed at \(percent(of: step)) %")]
        case .progressing, .baking: return [.refuse("The rollout is not paused.")]
        case .idle, .promoting, .rolledBack, .promoted, .aborted:
            return [.refuse("No rollout is in progress to resume.")]
        }
    }

    private mutating func promoteByHand() -> [Action] {
        guard let step else { return [.refuse("No rollout is in progress to promote.")] }
        return promote("promoted by an operator at \(percent(of: step)) %")
    }

    private mutating func finishPromotion() -> [Action] {
        guard state == .promoting, let candidate else { return [] }
        state = .promoted
        return [.record(evidence, "version \(candidate) is the stable version")]
    }

    private mutating func abort(_ reason: RolloutReason) -> [Action] {
        guard step != nil, let candidate else { return [.refuse("No rollout is in progress to abort.")] }
        state = .aborted(reason)
        return [
            .setWeights(plan), .rollBack(version: candidate, reason),
            .record(evidence, "aborted: \(reason.message)"),
        ]
    }

    private mutating func failToLoad(_ message: String) -> [Action] {
        guard step != nil, candidate != nil else { return [] }
        return rollBack(RolloutReason("load", message))
    }
}

// MARK: - Evidence and time

extension RolloutStateMachine {
    private mutating func look(at snapshot: EvidenceSnapshot, now: Timestamp) -> [Action] {
        guard step != nil else { return [] }
        evidence = snapshot
        return evaluate(now: now)
    }

    private mutating func evaluate(now: Timestamp) -> [Action] {
        guard let step else { return [] }
        let verdict = RolloutJudge.verdict(judge(step, now: now).results())
        if case .fail(let reason) = verdict { return rollBack(reason) }
        if case .paused = state { return [] }
        switch verdict {
        case .pass: return climb(from: step, now: now)
        case .undecided(let waiting): return wait(at: step, for: waiting, now: now)
        case .fail: return []
        }
    }

    private mutating func climb(from step: Int, now: Timestamp) -> [Action] {
        guard timeAtStep(now: now) >= spec.bake else {
            if case .baking = state { return [] }
            state = .baking(step: step)
            return [.record(evidence, "checks pass at \(percent(of: step)) %, baking")]
        }
        guard step + 1 < spec.steps.count else { return promote("all checks passed at \(percent(of: step)) %") }
        return enter(step: step + 1, now: now)
    }

    private mutating func wait(at step: Int, for waiting: String, now: Timestamp) -> [Action] {
        if case .inconclusive = state { return [] }
        guard isTimeOver(now: now) else {
            state = .progressing(step: step)
            return []
        }
        let reason = RolloutReason("inconclusive", "no verdict within \(spec.timeout.inSeconds) s; \(waiting)")
        switch spec.onInconclusive {
        case .rollback: return rollBack(reason)
        case .hold:
            state = .inconclusive(step: step, reason)
            return [.record(evidence, "held at \(percent(of: step)) %: \(reason.message)")]
        }
    }

    private mutating func enter(step: Int, now: Timestamp) -> [Action] {
        state = .progressing(step: step)
        stepStartedAt = now
        return [.setWeights(plan), .record(evidence, "candidate gets \(percent(of: step)) %")]
    }

    private mutating func promote(_ note: String) -> [Action] {
        guard let candidate else { return [] }
        state = .promoting
        return [.setWeights(plan), .record(evidence, note), .promote(version: candidate)]
    }

    private mutating func rollBack(_ reason: RolloutReason) -> [Action] {
        guard let candidate else { return [] }
        state = .rolledBack(reason)
        return [
            .setWeights(plan), .rollBack(version: candidate, reason),
            .record(evidence, "rolled back: \(reason.code): \(reason.message)"),
        ]
    }

    private func judge(_ step: Int, now: Timestamp) -> RolloutJudge {
        RolloutJudge(spec: spec, evidence: evidence, step: step, isTimeOver: isTimeOver(now: now))
    }

    private func isTimeOver(now: Timestamp) -> Bool { timeAtStep(now: now) >= spec.timeout }

    /// Time at the present step; zero when the clock went backwards.
    private func timeAtStep(now: Timestamp) -> Duration { max(now - stepStartedAt, .zero) }

    private func percent(of step: Int) -> Int { spec.steps.indices.contains(step) ? spec.steps[step] : 100 }
}
