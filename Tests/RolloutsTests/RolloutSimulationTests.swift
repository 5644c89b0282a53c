import Core
import Rollouts
import Testing

/// Drives the state machine with seeded synthetic traffic and an injected clock.
@Suite("Rollout simulation: stated error rates")
struct RolloutSimulationTests {
    /// How a simulated candidate behaves; the stable version is right on 95 % and fails on none.
    struct Candidate: Sendable {
        var accuracy = 0.95
        var errorRate = 0.0
        var slowShare = 0.02
        var requestsPerSecond = 100
        var hasLabels = true
    }

    @Test("An equal candidate is promoted and almost never rolled back")
    func equal() {
        let outcomes = simulate(Candidate())
        #expect(outcomes.rolledBack <= 5)
        #expect(outcomes.promoted >= 90)
    }

    @Test("A fast candidate that answers 200 and is wrong half the time is always rolled back on quality")
    func wrong() {
        let outcomes = simulate(Candidate(accuracy: 0.5))
        #expect(outcomes.rolledBack == 100)
        #expect(outcomes.codes == ["quality"])
    }

    @Test("A subtly worse candidate is promoted seldom: the point estimate must stay within tolerance")
    func subtle() {
        let outcomes = simulate(Candidate(accuracy: 0.80))
        #expect(outcomes.promoted <= 5)
    }

    @Test("An erring and a slow candidate are rolled back for that reason")
    func erringAndSlow() {
        let erring = simulate(Candidate(errorRate: 0.2))
        #expect(erring.rolledBack >= 99)
        #expect(erring.codes.contains("error_rate"))
        let slow = simulate(Candidate(slowShare: 0.5))
        #expect(slow.rolledBack >= 99)
        #expect(slow.codes == ["latency"])
    }

    @Test("Without traffic nothing is promoted")
    func silent() {
        let outcomes = simulate(Candidate(requestsPerSecond: 0))
        #expect(outcomes.promoted == 0)
        #expect(outcomes.held == 100)
    }

    @Test("Without labels and without disagreement to look at, nothing is promoted on a required label check")
    func unlabelled() {
        #expect(simulate(Candidate(hasLabels: false)).promoted == 0)
    }

    struct Outcomes {
        var promoted = 0
        var rolledBack = 0
        var held = 0
        var codes: Set<String> = []
    }

    private func simulate(_ candidate: Candidate) -> Outcomes {
        (1...100).reduce(into: Outcomes()) { outcomes, seed in
            var random = SeededGenerator(seed: UInt64(seed))
            switch run(candidate, &random) {
            case .promoting: outcomes.promoted += 1
            case .rolledBack(let reason):
                outcomes.rolledBack += 1
                outcomes.codes.insert(reason.code)
            default: outcomes.held += 1
            }
        }
    }

    private func run(_ candidate: Candidate, _ random: inout SeededGenerator) -> RolloutStateMachine.State {
        let checks = RolloutChecks(
            errorRate: ErrorRateCheck(maximum: 0.01),
            latency: LatencyCheck(quantile: 0.95, maximumRatio: 1.5, minimumIncrease: 0),
            quality: QualityCheck(maximumDrop: 0.05, minimumLabels: 40, required: true)
        )
        let spec = RolloutSpec(bake: .seconds(4), minimumSamples: 40, timeout: .seconds(60), checks: checks)
        var machine = RolloutStateMachine(spec: spec, stable: 1)
        var now = Timestamp(milliseconds: 0)
        _ = machine.handle(.started(candidate: 2), now: now)
        var snapshot = EvidenceSnapshot()
        snapshot.latencyThresholdKnown = true
        snapshot.steps = [StepEvidence(), StepEvidence(), StepEvidence()]
        for _ in 0..<200 {
            guard machine.isActive, machine.state != .promoting else { break }
            now = now + .seconds(1)
            for _ in 0..<candidate.requestsPerSecond {
                serve(candidate, plan: machine.plan, &snapshot, &random)
            }
            _ = machine.handle(.evidence(snapshot), now: now)
        }
        return machine.state
    }

    private func serve(
        _ candidate: Candidate,
        plan: TrafficPlan,
        _ snapshot: inout EvidenceSnapshot,
        _ random: inout SeededGenerator
    ) {
        let (right, candidateRight) = (random.uniform() < 0.95, random.uniform() < candidate.accuracy)
        var (arm, slow, errors) = (\StepEvidence.stable, 0.02, 0.0)
        if plan.arm(forHash: random.next()) == .candidate {
            (arm, slow, errors) = (\StepEvidence.candidate, candidate.slowShare, candidate.errorRate)
        }
        snapshot.steps[plan.step][keyPath: arm].requests += 1
        snapshot.steps[plan.step][keyPath: arm].timed += 1
        if random.uniform() < slow { snapshot.steps[plan.step][keyPath: arm].slow += 1 }
        if random.uniform() < errors { snapshot.steps[plan.step][keyPath: arm].errors += 1 }
        guard candidate.hasLabels else { return }
        switch (right, candidateRight) {
        case (true, true): snapshot.pairs.both += 1
        case (true, false): snapshot.pairs.stableOnly += 1
        case (false, true): snapshot.pairs.candidateOnly += 1
        case (false, false): snapshot.pairs.neither += 1
        }
    }
}
