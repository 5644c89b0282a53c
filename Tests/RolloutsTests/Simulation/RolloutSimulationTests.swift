import Core
import Rollouts
import Testing

/// Drives the state machine with seeded synthetic traffic and an injected clock, and counts false promotions and false
/// rollbacks against the stated rates.
@Suite("Rollout simulation: stated error rates", .serialized)
struct RolloutSimulationTests {
    private static let strategies: [RolloutStrategy] = [.canary, .shadow, .blueGreen, .allAtOnce]

    private static func spec(
        _ strategy: RolloutStrategy,
        hasLabels: Bool,
        proof: Double? = nil
    ) -> RolloutSpec {
        RolloutSpec(
            strategy: strategy,
            bake: .seconds(4),
            minimumSamples: 100,
            timeout: .seconds(60),
            falsePromotionRate: proof,
            rollbackWindow: strategy.standardWindow == .zero ? nil : .seconds(20),
            checks: RolloutChecks(
                errorRate: ErrorRateCheck(maximum: 0.01),
                latency: LatencyCheck(quantile: 0.95, maximumRatio: 1.5, minimumIncrease: 0),
                quality: hasLabels ? QualityCheck(maximumDrop: 0.05, minimumLabels: 100, required: true) : nil,
                disagreement: DisagreementCheck(maximum: 0.2),
                prediction: PredictionCheck(maximumShift: 0.1),
                missingOutputs: MissingOutputsCheck(maximum: 0.01)
            )
        )
    }

    private static func scenarios(
        _ kind: CandidateKind,
        _ strategies: [RolloutStrategy],
        hasLabels: Bool,
        seeds: Int,
        proof: Double? = nil
    ) -> [Scenario] {
        strategies.flatMap { strategy in
            var spec = spec(strategy, hasLabels: hasLabels, proof: proof)
            if kind == .drifting, !hasLabels { spec.checks.drift = DriftCheck(rollsBack: false) }
            return (1...seeds).map { Scenario(kind, spec, hasLabels: hasLabels, seed: $0) }
        }
    }

    @Test("Candidates no worse than tolerated are rolled back at most as often as stated", arguments: [true, false])
    func falseRollbacks(hasLabels: Bool) async {
        for kind in CandidateKind.allCases where kind.isHarmless {
            let report = await SimulationReport.of(
                Self.scenarios(kind, Self.strategies, hasLabels: hasLabels, seeds: 50)
            )
            print(report.line("\(kind.rawValue), \(hasLabels ? "labels" : "no labels")"))
            #expect(report.rollbackRate <= 0.05, "\(kind)")
            if kind == .good || kind == .better { #expect(report.promotionRate >= 0.95, "\(kind)") }
        }
    }

    @Test("A candidate whose traffic has drifted from its reference does not climb where drift holds")
    func drift() async {
        let climbing = Self.scenarios(.drifting, [.canary, .shadow], hasLabels: false, seeds: 20)
        let report = await SimulationReport.of(climbing)
        print(report.line("drifting, drift holds"))
        #expect(report.held == report.runs)
    }

    @Test("Harmful candidates are rolled back, and in time", arguments: [true, false])
    func falsePromotions(hasLabels: Bool) async {
        for kind in CandidateKind.allCases where !kind.isHarmless {
            // Without labels an accuracy that is lower by 8 % hides in the tolerated disagreement.
            if kind == .subtle, !hasLabels { continue }
            let report = await SimulationReport.of(
                Self.scenarios(kind, Self.strategies, hasLabels: hasLabels, seeds: 20)
            )
            print(report.line("\(kind.rawValue), \(hasLabels ? "labels" : "no labels")"))
            #expect(report.promotionRate <= 0.05, "\(kind)")
            guard kind != .subtle else { continue }
            #expect(report.rollbackRate >= 0.95, "\(kind)")
            if kind == .wrong { #expect(report.slowest < (hasLabels ? 5 : 20)) }
        }
    }

    @Test("With proof asked for, what is as bad as tolerated climbs at most as often as stated, and what is good does")
    func proof() async {
        let worst = await SimulationReport.of(
            Self.scenarios(.tolerated, [.canary, .blueGreen], hasLabels: true, seeds: 50, proof: 0.05)
        )
        print(worst.line("tolerated, proof"))
        #expect(worst.promotionRate <= 0.05)
        let subtle = await SimulationReport.of(
            Self.scenarios(.subtle, [.canary, .blueGreen], hasLabels: true, seeds: 20, proof: 0.05)
        )
        print(subtle.line("subtle, proof"))
        #expect(subtle.promotionRate <= 0.05)
        let good = await SimulationReport.of(
            Self.scenarios(.good, [.canary], hasLabels: true, seeds: 20, proof: 0.05)
        )
        print(good.line("good, proof"))
        #expect(good.promotionRate >= 0.95)
    }

    @Test(
        "Without traffic nothing is promoted on its own, by any strategy",
        arguments: [.hold, .rollback] as [InconclusivePolicy]
    )
    func noTraffic(policy: InconclusivePolicy) async {
        for strategy in RolloutStrategy.allCases {
            var spec = Self.spec(strategy, hasLabels: false)
            spec.onInconclusive = policy
            if strategy == .comparison { spec.comparison = MetricComparison(metric: .accuracy) }
            let scenarios = (1...5).map { Scenario(.good, spec, hasLabels: false, requestsPerSecond: 0, seed: $0) }
            let report = await SimulationReport.of(scenarios)
            print(report.line("no traffic, \(strategy.rawValue), \(policy.rawValue)"))
            #expect(report.promoted == 0)
            // All at once swaps by declaration, and is then watched.
            #expect(report.promotions == (strategy == .allAtOnce ? report.runs : 0))
            #expect(policy == .hold ? report.held == report.runs : report.rolledBack == report.runs)
        }
    }

    @Test("An A/B test finds the winner and the loser, and calls equal versions equal")
    func comparison() async {
        func report(_ accuracy: Double, _ name: String, seeds: Int) async -> SimulationReport {
            let spec = RolloutSpec(
                strategy: .comparison,
                bake: .seconds(2),
                minimumSamples: 200,
                timeout: .seconds(60),
                comparison: MetricComparison(metric: .accuracy, minimumEffect: 0.1),
                checks: RolloutChecks()
            )
            var scenarios = (1...seeds).map { Scenario(.good, spec, seed: $0) }
            for index in scenarios.indices {
                scenarios[index].stable.accuracy = 0.8
                scenarios[index].candidate.accuracy = accuracy
            }
            let report = await SimulationReport.of(scenarios)
            print(report.line("A/B, \(name)"))
            return report
        }
        #expect(await report(0.9, "better", seeds: 20).promotionRate >= 0.95)
        #expect(await report(0.7, "worse", seeds: 20).rollbackRate >= 0.95)
        let equal = await report(0.8, "equal", seeds: 60)
        #expect(equal.promotionRate <= 0.05)
        #expect(equal.rollbackRate <= 0.05)
    }
}
