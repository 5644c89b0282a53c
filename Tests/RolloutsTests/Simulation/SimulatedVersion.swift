import Core
import Rollouts

/// How a simulated version behaves.
struct SimulatedVersion: Sendable {
    /// Share of rows that it gets right.
    var accuracy = 0.95
    /// Share of requests that fail.
    var errorRate = 0.002
    /// Share of requests that are slower than the threshold.
    var slowShare = 0.02
    /// Share of rows without an answer.
    var missing = 0.002
    /// Share of rows that get the second class whatever the row says.
    var bias = 0.0
}

/// A kind of candidate, and whether it is one that should be promoted.
enum CandidateKind: String, CaseIterable, Sendable {
    /// The same as the stable version.
    case good
    /// Right more often.
    case better
    /// As bad in every respect as is tolerated, and no worse.
    case tolerated
    /// As good as the stable version, on traffic that becomes harder for both while the rollout is under way.
    case drifting
    /// Right on 8 % fewer rows; 5 % are tolerated.
    case subtle
    /// Fast, answers every request, and is right half of the time.
    case wrong
    /// Answers the second class on 30 % more of the rows.
    case biased
    /// Fails on 5 % of the requests.
    case erring
    /// Leaves out 5 % of the answers.
    case silent
    /// Slow on 30 % of the requests.
    case slow

    var version: SimulatedVersion {
        switch self {
        case .good, .drifting: SimulatedVersion()
        case .better: SimulatedVersion(accuracy: 0.98)
        case .tolerated: SimulatedVersion(accuracy: 0.90, errorRate: 0.01, slowShare: 0.07, missing: 0.01)
        case .subtle: SimulatedVersion(accuracy: 0.87)
        case .wrong: SimulatedVersion(accuracy: 0.5)
        case .biased: SimulatedVersion(bias: 0.3)
        case .erring: SimulatedVersion(errorRate: 0.05)
        case .silent: SimulatedVersion(missing: 0.05)
        case .slow: SimulatedVersion(slowShare: 0.3)
        }
    }

    /// Whether rolling it back is wrong.
    var isHarmless: Bool {
        switch self {
        case .good, .better, .tolerated, .drifting: true
        case .subtle, .wrong, .biased, .erring, .silent, .slow: false
        }
    }
}

/// One simulated rollout.
struct Scenario: Sendable {
    var kind = CandidateKind.good
    var stable = SimulatedVersion()
    var candidate: SimulatedVersion
    var spec: RolloutSpec
    var hasLabels = true
    var requestsPerSecond = 200
    var seed: UInt64 = 1

    init(
        _ kind: CandidateKind,
        _ spec: RolloutSpec,
        hasLabels: Bool = true,
        requestsPerSecond: Int = 200,
        seed: Int
    ) {
        self.kind = kind
        candidate = kind.version
        self.spec = spec
        self.hasLabels = hasLabels
        self.requestsPerSecond = requestsPerSecond
        self.seed = UInt64(seed)
    }

    /// How a rollout came out.
    struct Result: Sendable {
        /// The last state.
        var state: RolloutStateMachine.State
        /// Time from the first request to the last state.
        var time: Duration
        /// Versions that the machine asked to be made stable.
        var promotions = 0
    }

    /// Looks at the evidence every 250 ms, after 20 s every second, until it is decided, or for 90 s.
    func run() -> Result {
        var random = SeededGenerator(seed: seed)
        var machine = RolloutStateMachine(spec: spec, stable: 1)
        let start = Timestamp(milliseconds: 1_700_000_000_000)
        var result = Result(state: .idle, time: .zero)
        var snapshot = Self.beginning()
        var pending = machine.handle(.started(candidate: 2), now: start)
        for look in 0...360 {
            let time = Duration.milliseconds(250 * look)
            let now = start + time
            if look > 0 {
                for _ in 0..<requestsPerSecond / 4 { serve(machine.plan, time, &snapshot, &random) }
                guard look <= 80 || look % 4 == 0 else { continue }
                if kind == .drifting { snapshot.candidateDrift = time > .seconds(5) }
                pending = machine.handle(.evidence(snapshot), now: now)
            }
            if pending.contains(.promote(version: 2)) {
                result.promotions += 1
                _ = machine.handle(.promotionFinished, now: now)
            }
            (result.state, result.time) = (machine.state, time)
            if !machine.isActive { break }
        }
        return result
    }

    /// What is known before the first request: the stable version's past.
    private static func beginning() -> EvidenceSnapshot {
        var snapshot = EvidenceSnapshot()
        snapshot.latencyThresholdKnown = true
        snapshot.slowBefore = Proportion(20, of: 1000)
        snapshot.errorsBefore = Proportion(2, of: 1000)
        snapshot.answers.aspects = 2
        snapshot.answers.candidateOnly = [0, 0]
        snapshot.answers.stableOnly = [0, 0]
        return snapshot
    }

    private func serve(
        _ plan: TrafficPlan,
        _ time: Duration,
        _ snapshot: inout EvidenceSnapshot,
        _ random: inout SeededGenerator
    ) {
        while snapshot.steps.count <= plan.step { snapshot.steps.append(StepEvidence()) }
        let hash = random.next()
        let arm = plan.arm(forHash: hash)
        let version = arm == .stable ? stable : candidate
        let isShadowed = plan.isShadowed(hash: hash)
        let truth = random.next() & 1 == 1
        // Traffic that drifts has rows that nobody gets right.
        let isHard = kind == .drifting && time > .seconds(5) && random.uniform() < 0.2
        let answers = (
            stable: answer(stable, truth, isHard, &random), candidate: answer(candidate, truth, isHard, &random)
        )
        let own = arm == .stable ? answers.stable : answers.candidate
        let failed = random.uniform() < version.errorRate
        let isSlow = random.uniform() < version.slowShare
        snapshot.steps[plan.step][arm].requests += 1
        if failed {
            snapshot.steps[plan.step][arm].errors += 1
            return
        }
        snapshot.steps[plan.step][arm].timed += 1
        if isSlow { snapshot.steps[plan.step][arm].slow += 1 }
        snapshot.steps[plan.step][arm].answers += 1
        if own == nil { snapshot.steps[plan.step][arm].missing += 1 }
        if hasLabels, let own {
            snapshot.steps[plan.step][arm].labelled += 1
            if own == truth { snapshot.steps[plan.step][arm].correct += 1 }
        }
        guard isShadowed else { return }
        shadow(plan, arm == .stable ? .candidate : .stable, answers, truth, &snapshot)
    }

    private func shadow(
        _ plan: TrafficPlan,
        _ arm: TrafficArm,
        _ answers: (stable: Bool?, candidate: Bool?),
        _ truth: Bool,
        _ snapshot: inout EvidenceSnapshot
    ) {
        snapshot.steps[plan.step][arm].shadowed += 1
        snapshot.steps[plan.step][arm].answers += 1
        let other = arm == .stable ? answers.stable : answers.candidate
        if other == nil { snapshot.steps[plan.step][arm].missing += 1 }
        snapshot.disagreement.total += 1
        if answers.stable != answers.candidate { snapshot.disagreement.count += 1 }
        guard let left = answers.stable, let right = answers.candidate else { return }
        snapshot.answers.pairs += 1
        if left != right {
            snapshot.answers.candidateOnly[right ? 1 : 0] += 1
            snapshot.answers.stableOnly[left ? 1 : 0] += 1
        }
        guard hasLabels else { return }
        switch (left == truth, right == truth) {
        case (true, true): snapshot.pairs.both += 1
        case (true, false): snapshot.pairs.stableOnly += 1
        case (false, true): snapshot.pairs.candidateOnly += 1
        case (false, false): snapshot.pairs.neither += 1
        }
    }

    private func answer(
        _ version: SimulatedVersion,
        _ truth: Bool,
        _ isHard: Bool,
        _ random: inout SeededGenerator
    ) -> Bool? {
        let (draw, luck) = (random.uniform(), random.uniform())
        if draw < version.missing { return nil }
        if luck < version.bias { return true }
        return random.uniform() < version.accuracy && !isHard ? truth : !truth
    }
}
