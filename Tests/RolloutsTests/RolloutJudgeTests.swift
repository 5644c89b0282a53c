import Core
import Rollouts
import Testing

@Suite("Rollout judge: each check's three answers")
struct RolloutJudgeTests {
    private func verdict(
        _ checks: RolloutChecks,
        timeOver: Bool = false,
        _ edit: (inout EvidenceSnapshot) -> Void
    ) -> StepVerdict {
        var snapshot = EvidenceSnapshot()
        var step = StepEvidence()
        step.candidate.requests = 100
        step.stable.requests = 100
        snapshot.steps = [step]
        edit(&snapshot)
        let spec = RolloutSpec(minimumSamples: 40, checks: checks)
        return RolloutJudge.verdict(
            RolloutJudge(
                spec: spec,
                evidence: snapshot,
                step: 0,
                timeAtStep: timeOver ? spec.timeout : .zero
            ).results()
        )
    }

    private func code(_ verdict: StepVerdict) -> String {
        switch verdict {
        case .pass: "pass"
        case .fail(let reason): reason.code
        case .undecided: "undecided"
        case .inconclusive: "inconclusive"
        }
    }

    @Test("Errors above the tolerated rate fail only when the stable version does better")
    func errors() {
        let checks = RolloutChecks(errorRate: ErrorRateCheck(maximum: 0.01))
        #expect(code(verdict(checks) { _ in }) == "pass")
        #expect(code(verdict(checks) { $0.steps[0].candidate.errors = 30 }) == "error_rate")
        #expect(code(verdict(checks) { $0.steps[0].candidate.errors = 2 }) == "undecided")
        let both = verdict(checks) {
            $0.steps[0].candidate.errors = 30
            $0.steps[0].stable.errors = 30
        }
        #expect(code(both) == "pass")
        let unseen = verdict(checks) {
            $0.steps[0].candidate.errors = 30
            $0.steps[0].stable.requests = 0
        }
        #expect(code(unseen) == "error_rate")
    }

    @Test("Latency is a comparison with the stable version, not a bare threshold")
    func latency() {
        let checks = RolloutChecks(latency: LatencyCheck(quantile: 0.95, maximumRatio: 1.5, minimumIncrease: 0.005))
        #expect(code(verdict(checks) { _ in }) == "undecided")
        func slow(_ candidate: Int, _ stable: Int) -> StepVerdict {
            verdict(checks) {
                $0.latencyThresholdKnown = true
                $0.steps[0].candidate.timed = 100
                $0.steps[0].stable.timed = 100
                $0.steps[0].candidate.slow = candidate
                $0.steps[0].stable.slow = stable
            }
        }
        #expect(code(slow(2, 1)) == "pass")
        #expect(code(slow(60, 2)) == "latency")
        #expect(code(slow(60, 58)) == "pass")
        #expect(code(slow(12, 2)) == "undecided")
    }

    @Test("Labels fail a candidate that is right less often, on paired and on unpaired rows")
    func quality() {
        let checks = RolloutChecks(quality: QualityCheck(maximumDrop: 0.05, minimumLabels: 40, required: true))
        #expect(code(verdict(checks) { _ in }) == "undecided")
        let paired = verdict(checks) {
            $0.pairs.both = 20
            $0.pairs.stableOnly = 35
            $0.pairs.candidateOnly = 2
        }
        #expect(code(paired) == "quality")
        let unpaired = verdict(checks) {
            $0.steps[0].candidate.labelled = 60
            $0.steps[0].candidate.correct = 20
            $0.steps[0].stable.labelled = 60
            $0.steps[0].stable.correct = 57
        }
        #expect(code(unpaired) == "quality")
        let good = verdict(checks) {
            $0.pairs.both = 38
            $0.pairs.candidateOnly = 2
        }
        #expect(code(good) == "pass")
        let few = verdict(checks) { $0.pairs.both = 39 }
        #expect(code(few) == "undecided")
    }

    @Test("Labels that are not required count only when there are enough")
    func optionalLabels() {
        let checks = RolloutChecks(quality: QualityCheck(maximumDrop: 0.05, minimumLabels: 40, required: false))
        #expect(code(verdict(checks) { _ in }) == "pass")
        let bad = verdict(checks) {
            $0.pairs.stableOnly = 30
            $0.pairs.both = 9
        }
        #expect(code(bad) == "quality")
    }

    @Test("Disagreement fails alone, waits for labels where they are expected, and yields to them")
    func disagreement() {
        let alone = RolloutChecks(disagreement: DisagreementCheck(maximum: 0.2))
        let withLabels = RolloutChecks(
            quality: QualityCheck(maximumDrop: 0.05, minimumLabels: 40, required: true),
            disagreement: DisagreementCheck(maximum: 0.2)
        )
        let differing: (inout EvidenceSnapshot) -> Void = { $0.disagreement = Proportion(70, of: 100) }
        #expect(code(verdict(alone) { $0.disagreement = Proportion(5, of: 100) }) == "pass")
        #expect(code(verdict(alone) { $0.disagreement = Proportion(0, of: 39) }) == "undecided")
        #expect(code(verdict(alone, differing)) == "disagreement")
        #expect(code(verdict(withLabels, differing)) == "undecided")
        #expect(code(verdict(withLabels, timeOver: true, differing)) == "disagreement")
        let better = verdict(withLabels, timeOver: true) {
            differing(&$0)
            $0.pairs.candidateOnly = 30
            $0.pairs.both = 20
        }
        #expect(code(better) == "pass")
    }

    @Test("Drift holds or fails by choice, and yields to labels")
    func drift() {
        let holds = RolloutChecks(drift: DriftCheck(rollsBack: false))
        #expect(code(verdict(holds) { _ in }) == "undecided")
        #expect(code(verdict(holds) { $0.candidateDrift = false }) == "pass")
        #expect(code(verdict(holds) { $0.candidateDrift = true }) == "undecided")
        let fails = RolloutChecks(drift: DriftCheck(rollsBack: true))
        #expect(code(verdict(fails) { $0.candidateDrift = true }) == "drift")
        let labelled = RolloutChecks(
            quality: QualityCheck(maximumDrop: 0.05, minimumLabels: 40, required: true),
            drift: DriftCheck(rollsBack: true)
        )
        let verdict = verdict(labelled) {
            $0.candidateDrift = true
            $0.pairs.both = 40
        }
        #expect(code(verdict) == "pass")
    }
}
