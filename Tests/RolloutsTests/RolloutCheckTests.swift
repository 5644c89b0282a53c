import Core
import Rollouts
import Testing

/// The checks beyond counts of errors and labels: each one's three answers, and the edges of numbers.
@Suite("Rollout checks: answers, numbers and what comes from outside")
struct RolloutCheckTests {
    private static let start = Timestamp(milliseconds: 1_000_000)

    private func result(
        _ name: String,
        _ checks: RolloutChecks,
        percent: Int = 50,
        comparison: MetricComparison? = nil,
        proof: Double? = nil,
        _ edit: (inout EvidenceSnapshot) -> Void
    ) throws -> CheckResult {
        var snapshot = EvidenceSnapshot()
        snapshot.steps = [StepEvidence()]
        edit(&snapshot)
        let spec = RolloutSpec(
            strategy: comparison == nil ? .canary : .comparison,
            steps: [RolloutStep(percent), 100],
            minimumSamples: 100,
            falsePromotionRate: proof,
            comparison: comparison,
            checks: checks
        )
        let judge = RolloutJudge(spec: spec, evidence: snapshot, step: 0, timeAtStep: .zero)
        return try #require(judge.results().first { $0.check == name })
    }

    @Test("Missing outputs are compared with the limit and with the stable version")
    func missing() throws {
        let checks = RolloutChecks(missingOutputs: MissingOutputsCheck(maximum: 0.01))
        func outcome(_ candidate: (Int, Int), _ stable: (Int, Int)) throws -> CheckResult.Outcome {
            try result("missing_outputs", checks) {
                ($0.steps[0].candidate.missing, $0.steps[0].candidate.answers) = candidate
                ($0.steps[0].stable.missing, $0.steps[0].stable.answers) = stable
            }.outcome
        }
        #expect(try outcome((0, 0), (0, 0)) == .undecided)
        #expect(try outcome((0, 500), (0, 500)) == .pass)
        #expect(try outcome((40, 500), (2, 500)) == .fail)
        #expect(try outcome((40, 500), (40, 500)) == .pass)
        #expect(try outcome((8, 500), (2, 500)) == .undecided)
    }

    @Test("The distribution of answers is compared on the same rows, else between the arms")
    func prediction() throws {
        let checks = RolloutChecks(prediction: PredictionCheck(maximumShift: 0.1))
        func paired(_ gained: Int, _ lost: Int, of rows: Int) throws -> CheckResult {
            try result("prediction", checks) {
                $0.answers.aspects = 2
                $0.answers.pairs = rows
                $0.answers.candidateOnly = [lost, gained]
                $0.answers.stableOnly = [gained, lost]
            }
        }
        #expect(try result("prediction", checks) { _ in }.outcome == .undecided)
        #expect(try paired(0, 0, of: 99).outcome == .undecided)
        #expect(try paired(20, 20, of: 400).outcome == .pass)
        #expect(try paired(120, 10, of: 400).outcome == .fail)
        #expect(try paired(45, 0, of: 400).outcome == .undecided)
        let unpaired = try result("prediction", checks) {
            $0.answers.aspects = 2
            $0.steps[0].candidate.bins = [100, 300]
            $0.steps[0].stable.bins = [300, 100]
        }
        #expect(unpaired.outcome == .fail)
        #expect(unpaired.figures.estimate == 0.5)
    }

    @Test("Errors of numbers: paired, unpaired, relative to the stable version's, and never passed when not finite")
    func numbers() throws {
        let check = QualityCheck(
            metric: .absoluteError,
            maximumDrop: 0,
            maximumIncrease: 0.1,
            minimumLabels: 50,
            required: true
        )
        let checks = RolloutChecks(quality: check)
        func paired(_ factor: Double, rows: Int = 200, last: Double? = nil) throws -> CheckResult.Outcome {
            var random = SeededGenerator(seed: 3)
            return try result("quality", checks) { snapshot in
                for _ in 0..<rows {
                    let error = abs(random.normal())
                    snapshot.absoluteErrors.add(stable: error, candidate: error * factor + 0.01 * random.normal())
                }
                if let last { snapshot.absoluteErrors.add(stable: 1, candidate: last) }
            }.outcome
        }
        #expect(try paired(1) == .pass)
        #expect(try paired(1.05) == .pass)
        #expect(try paired(1.5) == .fail)
        #expect(try paired(1, rows: 49) == .undecided)
        #expect(try paired(1, last: .nan) == .undecided)
        #expect(try paired(1, last: .infinity) == .undecided)
        let unpaired = try result("quality", checks) { snapshot in
            var random = SeededGenerator(seed: 4)
            for _ in 0..<300 {
                snapshot.steps[0].candidate.absoluteError.add(2 * abs(random.normal()))
                snapshot.steps[0].stable.absoluteError.add(abs(random.normal()))
            }
        }
        #expect(unpaired.outcome == .fail)
        let outcome = LabelOutcome(
            rollout: "r",
            step: 0,
            arm: .candidate,
            stableIsRight: nil,
            candidateIsRight: nil,
            label: 3,
            stableError: -1,
            candidateError: 2
        )
        var snapshot = EvidenceSnapshot()
        snapshot.add(outcome)
        #expect(snapshot.absoluteErrors.stable.mean == 1)
        #expect(snapshot.squaredErrors.candidate.mean == 4)
        #expect(snapshot.step(0).candidate.label.mean == 3)
        snapshot.replaceLabels([])
        #expect(snapshot.absoluteErrors == PairedMoments())
        #expect(snapshot.step(0).candidate.absoluteError == Moments())
    }

    @Test("An estimate without labels passes, fails or waits; what is no number, too few rows or an error never passes")
    func estimate() throws {
        func outcome(_ measured: ExternalMeasurement?, rollsBack: Bool = true) throws -> CheckResult.Outcome {
            let check = EstimateCheck(maximumDrop: 0.05, minimumRows: 100, rollsBack: rollsBack)
            return try result("estimate", RolloutChecks(estimate: check)) { $0.measurements["estimate"] = measured }
                .outcome
        }
        func measured(_ value: Double?, samples: Int? = 100, isError: Bool = false) -> ExternalMeasurement {
            ExternalMeasurement(takenAt: Self.start, value: value, isError: isError, samples: samples)
        }
        #expect(try outcome(nil) == .undecided)
        #expect(try outcome(measured(0.01)) == .pass)
        #expect(try outcome(measured(0.2)) == .fail)
        #expect(try outcome(measured(0.2), rollsBack: false) == .undecided)
        #expect(try outcome(measured(.nan)) == .undecided)
        #expect(try outcome(measured(nil)) == .undecided)
        #expect(try outcome(measured(-.infinity)) == .undecided)
        #expect(try outcome(measured(0.01, samples: 99)) == .undecided)
        #expect(try outcome(measured(0.01, isError: true)) == .undecided)
    }

    @Test("Measurements from outside count as in Argo Rollouts")
    func tallies() {
        let condition = MeasurementCondition(maximum: 1, failAbove: 2)
        let check = ExternalCheck(
            name: "x",
            count: 2,
            failureLimit: 1,
            inconclusiveLimit: 1,
            errorLimit: 2,
            condition: condition
        )
        func verdict(_ values: [Double?], errors: Int = 0) -> (CheckResult.Outcome, Bool) {
            var tally = MeasurementTally()
            for (index, value) in values.enumerated() {
                let at = Self.start + .seconds(index)
                tally.add(ExternalMeasurement(takenAt: at, value: value), under: condition)
                tally.add(ExternalMeasurement(takenAt: at, value: value), under: condition)
            }
            for index in 0..<errors {
                let at = Self.start + .seconds(1000 + index)
                tally.add(ExternalMeasurement(takenAt: at, isError: true), under: condition)
            }
            return tally.verdict(check)
        }
        #expect(verdict([]) == (.undecided, false))
        #expect(verdict([0.5]) == (.undecided, false))
        #expect(verdict([0.5, 0.5]) == (.pass, false))
        #expect(verdict([0.5, 3, 0.5]) == (.pass, false))
        #expect(verdict([3, 3]) == (.fail, true))
        #expect(verdict([1.5, 0.5, 0.5]) == (.pass, false))
        #expect(verdict([.nan, nil]) == (.undecided, true))
        #expect(verdict([0.5, 0.5], errors: 2) == (.pass, false))
        #expect(verdict([0.5, 0.5], errors: 3) == (.undecided, true))
        for value in [Double.nan, nil] as [Double?] { #expect(condition.outcome(of: value) == .undecided) }
        #expect(MeasurementCondition().outcome(of: .nan) == .undecided)
        #expect(condition.outcome(of: .infinity) == .fail)
        let said = ExternalMeasurement(takenAt: Self.start, value: 0.5, outcome: .fail)
        #expect(said.outcome(under: condition) == .fail)
        let silent = ExternalMeasurement(takenAt: Self.start)
        #expect(silent.outcome(under: MeasurementCondition()) == .undecided)
        let yes = ExternalMeasurement(takenAt: Self.start, value: 7, outcome: .pass)
        #expect(yes.outcome(under: condition) == .fail)
    }

    @Test("The machine counts each measurement once, anew at every stage, and ends a stage that cannot be decided")
    func counting() {
        let external = ExternalCheck(name: "ask", count: 2, errorLimit: 0)
        var machine = RolloutStateMachine(
            spec: RolloutSpec(
                steps: [50, 100],
                bake: .zero,
                minimumSamples: 1,
                timeout: .seconds(60),
                checks: RolloutChecks(webhooks: [WebhookCheck(url: "http://h", external: external)])
            ),
            stable: 1
        )
        _ = machine.handle(.started(candidate: 2), now: Self.start)
        func look(_ second: Int, _ taken: Int, _ outcome: CheckResult.Outcome?, isError: Bool = false) {
            var snapshot = EvidenceSnapshot()
            var step = StepEvidence()
            step.candidate.requests = 9
            snapshot.steps = [step, step]
            snapshot.measurements["webhook/ask"] = ExternalMeasurement(
                takenAt: Self.start + .seconds(taken),
                outcome: outcome,
                isError: isError
            )
            _ = machine.handle(.evidence(snapshot), now: Self.start + .seconds(second))
        }
        look(1, -5, .pass)
        #expect(machine.evidence.tallies["webhook/ask"]?.passed == 0)
        look(2, 2, .pass)
        look(3, 2, .pass)
        #expect(machine.evidence.tallies["webhook/ask"]?.passed == 1)
        #expect(machine.step == 0)
        look(4, 4, .pass)
        #expect(machine.step == 1)
        #expect(machine.evidence.tallies.isEmpty)
        look(5, 5, nil, isError: true)
        #expect(machine.state.name == "inconclusive")
        _ = machine.handle(.resume, now: Self.start + .seconds(6))
        #expect(machine.state == .progressing(step: 1))
        look(7, 7, .fail)
        #expect(machine.state.name == "rolled_back")
    }

    @Test("The gate waits for the replay and for a person before the first percent")
    func gate() {
        let spec = RolloutSpec(steps: [50, 100], gates: RolloutGates(replay: ReplayGate(), confirm: true))
        var machine = RolloutStateMachine(spec: spec, stable: 1)
        _ = machine.handle(.started(candidate: 2), now: Self.start)
        #expect(machine.plan == TrafficPlan(stable: 1, candidate: 2, candidatePercent: 0))
        #expect(machine.question(deployment: "d", rollout: "r", now: Self.start)?.checks.replay == ReplayGate())
        #expect(machine.waitsFor(now: Self.start)?.contains("replay") == true)
        var snapshot = EvidenceSnapshot()
        snapshot.measurements["replay"] = ExternalMeasurement(takenAt: Self.start, value: .nan, outcome: .pass)
        _ = machine.handle(.evidence(snapshot), now: Self.start)
        #expect(machine.state == .progressing(step: 0))
        snapshot.measurements["replay"] = ExternalMeasurement(takenAt: Self.start, outcome: .pass)
        _ = machine.handle(.evidence(snapshot), now: Self.start)
        #expect(machine.state == .awaitingConfirmation(step: 0))
        _ = machine.handle(.confirm(by: "ada"), now: Self.start)
        #expect(machine.plan.candidatePercent == 50)
        var refused = RolloutStateMachine(spec: spec, stable: 1)
        _ = refused.handle(.started(candidate: 2), now: Self.start)
        snapshot.measurements["replay"] = ExternalMeasurement(takenAt: Self.start, outcome: .fail, message: "2 % agree")
        _ = refused.handle(.evidence(snapshot), now: Self.start)
        #expect(refused.state == .rolledBack(RolloutReason("replay", "2 % agree")))
    }

    @Test("A failure that holds waits for a person, whatever evidence comes later")
    func failureHolds() {
        var machine = RolloutStateMachine(
            spec: RolloutSpec(steps: [50, 100], bake: .zero, minimumSamples: 1, onFailure: .hold),
            stable: 1
        )
        _ = machine.handle(.started(candidate: 2), now: Self.start)
        var bad = EvidenceSnapshot()
        bad.steps = [StepEvidence()]
        bad.steps[0].candidate.requests = 100
        bad.steps[0].candidate.errors = 60
        _ = machine.handle(.evidence(bad), now: Self.start)
        #expect(machine.state.reason?.code == "error_rate")
        var good = bad
        good.steps[0].candidate.errors = 0
        #expect(machine.handle(.evidence(good), now: Self.start) == [])
        _ = machine.handle(.confirm(by: "ada"), now: Self.start)
        #expect(machine.state == .progressing(step: 1))
    }

    @Test("Zero, one and huge counts give numbers, and no trap", arguments: [0, 1, 1_000_000_000_000])
    func edges(count: Int) throws {
        for (hits, misses) in [(0, count), (count, 0), (count, count)] {
            let sample = Proportion(hits, of: hits + misses)
            for margin in [-0.99, -0.05, 0, 0.05, 0.99] {
                #expect(!SequentialTest.excess(sample, over: sample, margin: margin).isNaN)
                #expect(!SequentialTest.excess(sample, over: Proportion(1, of: 1), margin: margin).isNaN)
                let pairs = hits + misses
                #expect(!SequentialTest.losses(hits, wins: misses, pairs: pairs, margin: margin).isNaN)
            }
            for limit in [0, 0.5, 1] {
                #expect(!SequentialTest.rateAbove(limit, sample).isNaN)
                #expect(!SequentialTest.rateBelow(limit, sample).isNaN)
            }
        }
        #expect(!SequentialTest.rejects(.nan, alpha: 0.05))
        var huge = Moments()
        for value in [1e308, -1e308, 1e308] { huge.add(value) }
        huge.count = 100
        #expect(MeanTest.above(0, huge) == 0)
        #expect(MeanTest.excess(huge, over: huge) == 0)
        #expect(MeanTest.above(0, Moments()) == 0)
        var flat = Moments()
        for _ in 0..<100 { flat.add(0) }
        #expect(MeanTest.above(0, flat) == 0)
        #expect(MeanTest.excess(flat, over: flat) == 0)
    }

    @Test(
        "Every metric of an A/B test tells a winner, a loser and nothing",
        arguments: MetricComparison.Metric.allCases
    )
    func metrics(metric: MetricComparison.Metric) throws {
        let comparison = MetricComparison(metric: metric, minimumEffect: 0)
        func outcome(candidateIsHigher: Bool?) throws -> CheckResult.Outcome {
            try result("ab", RolloutChecks(), comparison: comparison) { snapshot in
                var random = SeededGenerator(seed: 9)
                for arm in [TrafficArm.stable, .candidate] {
                    let isHigher = candidateIsHigher.map { $0 == (arm == .candidate) } ?? false
                    for _ in 0..<400 {
                        let value = (isHigher ? 1.5 : 1) + 0.5 * random.normal()
                        let hit = random.uniform() < (isHigher ? 0.9 : 0.6) ? 1 : 0
                        snapshot.steps[0][arm].requests += 1
                        snapshot.steps[0][arm].errors += hit
                        snapshot.steps[0][arm].labelled += 1
                        snapshot.steps[0][arm].correct += hit
                        snapshot.steps[0][arm].label.add(value)
                        snapshot.steps[0][arm].absoluteError.add(value)
                        snapshot.steps[0][arm].latency.add(value)
                        snapshot.steps[0][arm].score.add(value)
                    }
                }
            }.outcome
        }
        let isHigherBetter = comparison.isHigherBetter
        #expect(try outcome(candidateIsHigher: true) == (isHigherBetter ? .pass : .fail))
        #expect(try outcome(candidateIsHigher: false) == (isHigherBetter ? .fail : .pass))
        #expect(try outcome(candidateIsHigher: nil) == .undecided)
        #expect(try result("ab", RolloutChecks(), comparison: comparison) { _ in }.outcome == .undecided)
    }
}
