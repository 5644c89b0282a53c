import Core
import Rollouts
import Testing

@Suite("Rollout state machine")
struct RolloutStateMachineTests {
    private let start = Timestamp(milliseconds: 1_000_000)

    private func spec(_ policy: InconclusivePolicy = .hold, checks: RolloutChecks? = nil) -> RolloutSpec {
        RolloutSpec(
            steps: [10, 50, 100],
            bake: .seconds(4),
            minimumSamples: 40,
            timeout: .seconds(60),
            onInconclusive: policy,
            checks: checks ?? RolloutChecks(errorRate: ErrorRateCheck(maximum: 0.01))
        )
    }

    private func started(_ policy: InconclusivePolicy = .hold, checks: RolloutChecks? = nil) -> RolloutStateMachine {
        var machine = RolloutStateMachine(spec: spec(policy, checks: checks), stable: 1)
        _ = machine.handle(.started(candidate: 2), now: start)
        return machine
    }

    /// Evidence in which every step up to `step` has this many candidate requests and errors.
    private func evidence(_ step: Int, requests: Int = 100, errors: Int = 0) -> EvidenceSnapshot {
        var snapshot = EvidenceSnapshot()
        for _ in 0...step {
            var here = StepEvidence()
            here.candidate.requests = requests
            here.candidate.errors = errors
            here.stable.requests = 400
            snapshot.steps.append(here)
        }
        return snapshot
    }

    private func machine(in state: RolloutStateMachine.State) -> RolloutStateMachine {
        RolloutStateMachine(
            spec: spec(),
            stable: 1,
            candidate: 2,
            state: state,
            startedAt: start,
            stepStartedAt: start,
            evidence: EvidenceSnapshot()
        )
    }

    @Test("A start gives the candidate the first weight")
    func starting() {
        var machine = RolloutStateMachine(spec: spec(), stable: 1)
        #expect(machine.plan == TrafficPlan(stable: 1))
        let actions = machine.handle(.started(candidate: 2), now: start)
        #expect(machine.state == .progressing(step: 0))
        #expect(
            actions == [
                .setWeights(TrafficPlan(stable: 1, candidate: 2, candidatePercent: 10, step: 0)),
                .record(EvidenceSnapshot(), "candidate gets 10 %"),
            ]
        )
    }

    @Test("Good evidence climbs every step after its bake time and promotes")
    func happyPath() {
        var machine = started()
        for (step, percent) in [10, 50, 100].enumerated() {
            #expect(machine.plan.candidatePercent == percent)
            let begin = start + .seconds(4 * step)
            let baking = machine.handle(.evidence(evidence(step)), now: begin + .seconds(1))
            #expect(baking == [.record(evidence(step), "checks pass at \(percent) %, baking")])
            #expect(machine.state == .baking(step: step))
            #expect(machine.handle(.tick, now: begin + .milliseconds(3999)) == [])
            let climbing = machine.handle(.tick, now: begin + .seconds(4))
            #expect(climbing.first == .setWeights(machine.plan))
        }
        #expect(machine.state == .promoting)
        #expect(machine.plan.candidatePercent == 100)
        #expect(machine.handle(.promotionFinished, now: start + .seconds(13)).count == 1)
        #expect(machine.state == .promoted)
        #expect(machine.plan == TrafficPlan(stable: 2))
    }

    @Test("The last step asks for promotion after setting the weights")
    func promotionOrder() {
        var machine = machine(in: .baking(step: 2))
        let actions = machine.handle(.evidence(evidence(2)), now: start + .seconds(4))
        #expect(actions.last == .promote(version: 2))
        #expect(actions.count == 3)
    }

    @Test(
        "No traffic promotes only where the manifest says so, and never silently",
        arguments: InconclusivePolicy.allCases
    )
    func noTraffic(policy: InconclusivePolicy) {
        var machine = started(policy)
        var actions: [RolloutStateMachine.Action] = []
        for second in 1...10_000 { actions += machine.handle(.tick, now: start + .seconds(second)) }
        #expect(actions.contains(.promote(version: 2)) == (policy == .promote))
        switch (policy, machine.state) {
        case (.promote, .promoting):
            let notes = actions.compactMap { if case .record(_, let note) = $0 { note } else { nil } }
            #expect(notes.contains { $0.contains("goes on as 'on_inconclusive' says") && $0.contains("0 of 40") })
        case (.hold, .inconclusive(step: 0, let reason)):
            #expect(reason.message.contains("0 of 40 requests"))
            #expect(machine.plan.candidatePercent == 10)
        case (.rollback, .rolledBack(let reason)):
            #expect(reason.code == "inconclusive")
            #expect(machine.plan == TrafficPlan(stable: 1))
        default: Issue.record("unexpected state \(machine.state)")
        }
    }

    @Test("One sample fewer than the minimum does not climb, the minimum does")
    func minimumSamples() {
        var machine = started()
        _ = machine.handle(.evidence(evidence(0, requests: 39)), now: start + .seconds(10))
        #expect(machine.state == .progressing(step: 0))
        _ = machine.handle(.evidence(evidence(0, requests: 40)), now: start + .seconds(11))
        #expect(machine.state == .progressing(step: 1))
    }

    @Test(
        "Harm rolls back from every active state",
        arguments: [
            .progressing(step: 1), .baking(step: 1), .paused(step: 1),
            .inconclusive(step: 1, RolloutReason("inconclusive", "")),
        ] as [RolloutStateMachine.State]
    )
    func harm(state: RolloutStateMachine.State) {
        var machine = machine(in: state)
        let actions = machine.handle(.evidence(evidence(1, errors: 50)), now: start + .seconds(1))
        guard case .rolledBack(let reason) = machine.state else {
            Issue.record("state is \(machine.state)")
            return
        }
        #expect(reason.code == "error_rate")
        #expect(actions.first == .setWeights(TrafficPlan(stable: 1)))
        #expect(actions.dropFirst().first == .rollBack(version: 2, reason))
    }

    @Test("A held rollout climbs when evidence comes, and gets a new timeout when resumed")
    func held() {
        var machine = started()
        _ = machine.handle(.tick, now: start + .seconds(60))
        guard case .inconclusive = machine.state else {
            Issue.record("state is \(machine.state)")
            return
        }
        var resumed = machine
        _ = resumed.handle(.resume, now: start + .seconds(61))
        _ = resumed.handle(.tick, now: start + .seconds(120))
        #expect(resumed.state == .progressing(step: 0))
        _ = machine.handle(.evidence(evidence(0)), now: start + .seconds(62))
        #expect(machine.state == .progressing(step: 1))
    }

    @Test("Bake time falls back to progress when a check stops passing")
    func bakingLosesPass() {
        var machine = started()
        _ = machine.handle(.evidence(evidence(0, requests: 100)), now: start + .seconds(1))
        #expect(machine.state == .baking(step: 0))
        _ = machine.handle(.evidence(evidence(0, requests: 100, errors: 2)), now: start + .seconds(2))
        #expect(machine.state == .progressing(step: 0))
    }

    @Test("A paused rollout neither climbs nor times out")
    func paused() {
        var machine = started()
        #expect(machine.handle(.pause, now: start).count == 1)
        #expect(machine.handle(.evidence(evidence(0)), now: start + .seconds(1000)) == [])
        #expect(machine.state == .paused(step: 0))
        _ = machine.handle(.resume, now: start + .seconds(1000))
        #expect(machine.state == .progressing(step: 0))
        #expect(machine.stepStartedAt == start + .seconds(1000))
    }

    @Test("A clock that goes backwards counts as no time")
    func backwardsClock() {
        var machine = started()
        _ = machine.handle(.evidence(evidence(0)), now: start - .seconds(3600))
        #expect(machine.state == .baking(step: 0))
        _ = machine.handle(.tick, now: start + .seconds(4))
        #expect(machine.state == .progressing(step: 1))
    }

    @Test("A new candidate supersedes the one on trial; the stable version itself ends the trial")
    func superseded() {
        var machine = started()
        let actions = machine.handle(.started(candidate: 3), now: start + .seconds(1))
        #expect(actions.first == .record(EvidenceSnapshot(), "version 2 is superseded by version 3"))
        #expect(machine.candidate == 3)
        #expect(machine.startedAt == start + .seconds(1))
        _ = machine.handle(.started(candidate: 1), now: start + .seconds(2))
        #expect(machine.state == .idle)
        #expect(machine.plan == TrafficPlan(stable: 1))
    }

    @Test("After a promotion the next rollout is judged against the promoted version")
    func nextRollout() {
        var machine = machine(in: .promoted)
        _ = machine.handle(.started(candidate: 3), now: start)
        #expect(machine.stable == 2)
        #expect(machine.plan == TrafficPlan(stable: 2, candidate: 3, candidatePercent: 10))
    }

    @Test("An operator's event that does not fit is refused with a reason")
    func refusals() {
        for state: RolloutStateMachine.State in [.idle, .promoted, .promoting] {
            for event: RolloutStateMachine.Event in [.pause, .resume, .promote, .abort(RolloutReason("operator", ""))] {
                var machine = machine(in: state)
                guard case .refuse = machine.handle(event, now: start).first else {
                    Issue.record("\(event) in \(state) was not refused")
                    continue
                }
            }
        }
        var running = machine(in: .progressing(step: 0))
        #expect(running.handle(.resume, now: start) == [.refuse("The rollout is not paused.")])
    }
}
