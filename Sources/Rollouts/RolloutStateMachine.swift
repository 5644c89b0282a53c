package import Core

/// Decides how a candidate version climbs to all of a deployment's traffic, or does not.
///
/// A value type without I/O and without a clock: events go in with the present time, actions come out, and the
/// deployment controller performs them. A *stage* is a step of the specification, or the gate before the first one.
/// Transitions:
///
/// ```
/// idle ──started──► progressing(0), or promoting when there are no stages (all at once)
/// progressing(n) ──checks pass──► baking(n) ──bake over──► progressing(n+1) … or promoting after the last stage
/// baking(n) ──bake over, confirm wanted──► awaiting_confirmation(n) ──confirm──► climbs
/// baking(n), awaiting_confirmation(n) ──a check no longer passes──► progressing(n)
/// progressing(n) ──timeout, or nothing more to come──► inconclusive(n) (hold), rolledBack (rollback) or climbs (promote)
/// progressing, baking, awaiting_confirmation, inconclusive ──pause──► paused(n) ──resume──► progressing(n)
/// inconclusive(n) ──checks pass──► climbs;  ──confirm──► climbs;  ──resume──► progressing(n) with a new timeout
/// any of these ──a check fails──► rolledBack, or inconclusive(n) where a failure holds
/// any of these ──abort──► aborted;  ──rollBack──► rolledBack;  ──promote──► promoting
/// promoting ──promotionFinished──► watching, or promoted without a rollback window
/// watching ──a check fails, abort, rollBack──► rolledBack;  ──window over, promote, confirm, endWatch──► promoted
/// any state ──started──► progressing(0) of the new candidate
/// any state but promoting and the ends ──candidateFailedToLoad──► rolledBack
/// ```
///
/// Without traffic there is no evidence and so no pass: such a rollout ends inconclusive, never promoted, unless
/// `on_inconclusive: promote` says so. Time is only ever compared with the stage's beginning: a clock that goes backwards
/// counts as no time.
package struct RolloutStateMachine: Sendable, Equatable {
    /// Where the rollout stands.
    package enum State: Sendable, Equatable {
        /// Nothing is being rolled out.
        case idle
        /// Collecting evidence at a stage.
        case progressing(step: Int)
        /// The stage's checks pass; its bake time is not over.
        case baking(step: Int)
        /// The stage is passed and a person must say yes; harm still rolls back.
        case awaitingConfirmation(step: Int)
        /// Weights are held by an operator; harm still rolls back.
        case paused(step: Int)
        /// The stage ended without a verdict, or failed where that holds; weights are held.
        case inconclusive(step: Int, RolloutReason)
        /// The candidate is being made the stable version.
        case promoting
        /// The candidate is the stable version; the one before stays loaded and the checks go on. The reason says why it
        /// is watched for longer than the rollback window.
        case watching(step: Int, RolloutReason?)
        /// All traffic went back to the stable version.
        case rolledBack(RolloutReason)
        /// The candidate is the stable version for good.
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
        /// A person says yes where the rollout waits for one.
        case confirm(by: String)
        /// An operator promotes without waiting for evidence, or ends the watch.
        case promote
        /// The controller made the candidate the stable version.
        case promotionFinished
        /// Another version is wanted while this one is watched: the watch ends and the version stays.
        case endWatch(String)
        /// An operator, or the alias moving back, ends the rollout.
        case abort(RolloutReason)
        /// An operator returns to the version before.
        case rollBack(RolloutReason)
        /// The candidate's files are missing, corrupt or not loadable.
        case candidateFailedToLoad(String)
    }

    /// What the controller has to do, in order.
    package enum Action: Sendable, Equatable {
        /// Route by this plan from now on.
        case setWeights(TrafficPlan)
        /// Make this version the stable one, then report `promotionFinished`.
        case promote(version: Int)
        /// Route everything to the stable version (which is no longer the trusted one when this comes from a watch: make
        /// it so again), move the alias back and remember the version as rejected.
        case rollBack(version: Int, RolloutReason)
        /// Store the state and the evidence that led to it, with a line for people.
        case record(EvidenceSnapshot, String)
        /// Tell the operator that the event does not fit the state.
        case refuse(String)
    }

    /// How the rollout climbs.
    package let spec: RolloutSpec
    /// The version that was trusted when the rollout began; also while the promoted one is watched.
    package internal(set) var stable: Int
    /// The version on trial; nil while idle.
    package internal(set) var candidate: Int?
    /// Where the rollout stands.
    package internal(set) var state: State
    /// When the rollout began.
    package internal(set) var startedAt: Timestamp
    /// When the present stage or the watch began or was resumed.
    package internal(set) var stepStartedAt: Timestamp
    /// The latest look at the evidence.
    package internal(set) var evidence: EvidenceSnapshot

    /// Makes an idle machine.
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

    /// The stage in force; nil when no rollout is active.
    package var step: Int? { state.step }

    /// Whether a candidate is on trial, being promoted or watched: evidence is wanted and commands may fit.
    package var isActive: Bool { step != nil || state == .promoting }

    /// The traffic plan that belongs to the present state.
    ///
    /// While a promoted version is watched it stays the plan's `candidate`, with all of the traffic, so that its evidence
    /// goes on being its own.
    package var plan: TrafficPlan {
        switch state {
        case .promoting: return plan(percent: 100, shadow: 0, step: max(0, spec.stages.count - 1))
        case .promoted: return TrafficPlan(stable: candidate ?? stable)
        default:
            guard let step else { return TrafficPlan(stable: stable) }
            let stage = spec.stage(step)
            return plan(percent: stage.percent, shadow: stage.shadowPercent, step: step)
        }
    }

    private func plan(percent: Int, shadow: Int, step: Int) -> TrafficPlan {
        TrafficPlan(
            stable: stable,
            candidate: candidate,
            candidatePercent: percent,
            shadowPercent: shadow,
            step: step
        )
    }

    /// The answers of the checks at the present stage; empty when no rollout is active.
    package func checkResults(now: Timestamp) -> [CheckResult] {
        guard let step else { return [] }
        return judge(step, now: now).results()
    }

    /// What the rollout waits for, for people; nil when it waits for nothing but its bake time.
    package func waitsFor(now: Timestamp) -> String? {
        guard let step else { return nil }
        switch state {
        case .awaitingConfirmation: return "a person's confirmation"
        case .paused: return "an operator to resume it"
        case .inconclusive(_, let reason): return "a decision: \(reason.message)"
        default: break
        }
        return switch RolloutJudge.verdict(judge(step, now: now).results()) {
        case .pass, .fail: nil
        case .undecided(let text), .inconclusive(let text): text
        }
    }

    /// What `deployment` should have measured now; nil when no rollout is active.
    package func question(deployment: String, rollout: String, now: Timestamp) -> RolloutQuestion? {
        guard let step, let candidate else { return nil }
        return RolloutQuestion(
            deployment: deployment,
            rollout: rollout,
            stable: stable,
            candidate: candidate,
            step: step,
            isWatching: state.isWatching,
            startedAt: startedAt,
            stepStartedAt: stepStartedAt,
            checks: spec.stage(step).checks,
            now: now
        )
    }

    /// Takes one event and returns what has to be done.
    package mutating func handle(_ event: Event, now: Timestamp) -> [Action] {
        switch event {
        case .started(let version): start(version, now: now)
        case .evidence(let snapshot): look(at: snapshot, now: now)
        case .tick: evaluate(now: now)
        case .pause: pause()
        case .resume: resume(now: now)
        case .confirm(let who): confirm(who, now: now)
        case .promote: promoteByHand()
        case .promotionFinished: finishPromotion(now: now)
        case .endWatch(let why): endWatch(why)
        case .abort(let reason): abort(reason)
        case .rollBack(let reason): rollBackByHand(reason)
        case .candidateFailedToLoad(let message): failToLoad(message)
        }
    }

    func judge(_ step: Int, now: Timestamp) -> RolloutJudge {
        RolloutJudge(spec: spec, evidence: evidence, step: step, timeAtStep: timeAtStep(now: now))
    }

    /// Time at the present stage; zero when the clock went backwards.
    func timeAtStep(now: Timestamp) -> Duration { max(now - stepStartedAt, .zero) }

    /// The stage in words, such as `10 %` or `the gate`.
    func words(for step: Int) -> String {
        if step == 0, !spec.gates.isOpen { return "the gate" }
        return "\(spec.stage(step).percent) %"
    }
}
