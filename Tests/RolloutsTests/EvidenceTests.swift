import Core
import Rollouts
import Testing

@Suite("Evidence as requests leave it")
struct EvidenceTests {
    private func evidence(
        _ scale: AnswerScale = .classes(3),
        snapshot: EvidenceSnapshot = EvidenceSnapshot()
    ) -> RolloutEvidence {
        RolloutEvidence(
            rollout: "r",
            candidate: 2,
            latency: LatencyCheck(quantile: 0.95, maximumRatio: 1.5, minimumIncrease: 0),
            baseline: LatencyHistogram(),
            errorsBefore: Proportion(1, of: 100),
            scale: scale,
            snapshot: snapshot
        )
    }

    @Test("Classes are counted by arm, and where both versions' answers differ")
    func classes() {
        let evidence = evidence()
        evidence.recordAnswers(.candidate, step: 1, [0, 2, 2, .nan])
        evidence.recordShadow(
            ShadowRows(step: 1, arm: .stable, rows: 3, differing: 1, answers: [(0, 0), (1, 2), (.nan, 1)])
        )
        evidence.recordShadow(ShadowRows(step: 1, arm: .candidate, rows: 5, failed: true))
        let snapshot = evidence.snapshot()
        #expect(snapshot.step(1).candidate.bins == [1, 0, 2])
        #expect(snapshot.step(1).candidate.missing == 1)
        #expect(snapshot.step(1).candidate.answers == 4)
        #expect(snapshot.step(1).candidate.shadowErrors == 5)
        #expect(snapshot.step(1).stable.shadowed == 3)
        #expect(snapshot.step(1).stable.missing == 1)
        #expect(snapshot.answers.pairs == 2)
        #expect(snapshot.answers.candidateOnly == [0, 0, 1])
        #expect(snapshot.answers.stableOnly == [0, 1, 0])
        #expect(snapshot.disagreement == Proportion(1, of: 3))
        #expect(snapshot.errorsBefore == Proportion(1, of: 100))
    }

    @Test("Bins of numbers are fixed from the stable version's first answerBaseline answers, not one earlier")
    func numbers() {
        let evidence = evidence(.numbers)
        evidence.recordAnswers(.candidate, step: 0, [5])
        evidence.recordAnswers(.stable, step: 0, (1..<RolloutsLimits.answerBaseline).map(Double.init))
        #expect(evidence.snapshot().answers.aspects == 0)
        evidence.recordAnswers(.stable, step: 0, [100])
        let bounds = evidence.snapshot().answers.bounds
        #expect(bounds == [11, 21, 31, 41, 51, 61, 71, 81, 91])
        evidence.recordAnswers(.candidate, step: 0, [-7, 11, 11.5, 1000])
        #expect(evidence.snapshot().step(0).candidate.bins == [2, 1, 0, 0, 0, 0, 0, 0, 0, 1])
        evidence.recordShadow(ShadowRows(step: 0, arm: .candidate, rows: 1, answers: [(stable: 15, candidate: 35)]))
        let answers = evidence.snapshot().answers
        #expect(answers.stableOnly == [0, 1, 1, 0, 0, 0, 0, 0, 0])
        #expect(answers.candidateOnly == [0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test("Constant and endless answers have bins too, and classes past answerBins share the last")
    func oddScales() {
        let constant = evidence(.numbers)
        constant.recordAnswers(.stable, step: 0, [Double](repeating: 3, count: RolloutsLimits.answerBaseline))
        #expect(constant.snapshot().answers.bounds == [3])
        constant.recordAnswers(.candidate, step: 0, [3, 4])
        #expect(constant.snapshot().step(0).candidate.bins == [1, 1])
        let many = evidence(.classes(1000))
        many.recordAnswers(.stable, step: 0, [0, Double(RolloutsLimits.answerBins - 1), 999, -1])
        let bins = many.snapshot().step(0).stable.bins
        #expect(bins.count == RolloutsLimits.answerBins)
        #expect(bins.first == 1)
        #expect(bins.last == 2)
    }

    @Test("What was collected is stored and read back the same, and goes on where it was")
    func stored() throws {
        let first = evidence()
        for index in 0..<RolloutsLimits.latencyBaseline {
            first.record(.stable, step: 0, nanoseconds: UInt64(1000 + index), failed: false)
        }
        first.record(.candidate, step: 1, nanoseconds: 9_000_000, failed: false)
        first.record(.candidate, step: 1, nanoseconds: 9, failed: true)
        first.recordAnswers(.stable, step: 0, [1, 2])
        first.record(
            LabelOutcome(
                rollout: "r",
                step: 1,
                arm: .stable,
                stableIsRight: true,
                candidateIsRight: false,
                label: 1,
                stableError: 0.5,
                candidateError: 1.5
            )
        )
        var snapshot = first.snapshot()
        var tally = MeasurementTally()
        tally.add(
            ExternalMeasurement(takenAt: Timestamp(milliseconds: 5), value: 2, message: "m"),
            under: MeasurementCondition(maximum: 3)
        )
        snapshot.tallies = ["webhook/a": tally]
        #expect(snapshot.step(1).candidate.slow == 1)
        #expect(snapshot.slowBefore.total == RolloutsLimits.latencyBaseline)
        let read = try EvidenceSnapshot(json: JSONValue.parse(snapshot.json.description))
        #expect(read == snapshot)
        let second = evidence(snapshot: read)
        second.record(.candidate, step: 1, nanoseconds: 9_000_000, failed: false)
        #expect(second.snapshot().step(1).candidate.slow == 2)
        second.replaceLabels([])
        #expect(second.snapshot().pairs.total == 0)
    }

    @Test("Stored evidence that does not fit together is data loss")
    func broken() throws {
        var snapshot = EvidenceSnapshot()
        snapshot.answers.aspects = 2
        snapshot.answers.candidateOnly = [1]
        snapshot.answers.stableOnly = [1, 2]
        let error = #expect(throws: MartletError.self) { try EvidenceSnapshot(json: snapshot.json) }
        #expect(error?.code == .dataLoss)
    }

    @Test("Labels of a stage past the last one that there can be are ignored")
    func stages() {
        func outcome(_ step: Int) -> LabelOutcome {
            LabelOutcome(rollout: "r", step: step, arm: .stable, stableIsRight: true, candidateIsRight: nil)
        }
        var snapshot = EvidenceSnapshot()
        snapshot.add(outcome(RolloutsLimits.stages - 1))
        #expect(snapshot.steps.count == RolloutsLimits.stages)
        snapshot.add(outcome(RolloutsLimits.stages))
        snapshot.add(outcome(-1))
        #expect(snapshot.steps.count == RolloutsLimits.stages)
    }
}
