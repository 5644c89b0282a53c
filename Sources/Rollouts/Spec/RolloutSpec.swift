/// How a deployment moves from one version to the next.
package struct RolloutSpec: Sendable, Equatable {
    /// The strategy; each is a list of steps and what follows the last.
    package var strategy: RolloutStrategy
    /// The declared steps; after the last the candidate is promoted.
    package var steps: [RolloutStep]
    /// Shortest time at each step.
    package var bake: Duration
    /// Candidate requests needed at each step before it may pass.
    package var minimumSamples: Int
    /// Longest time at one step without a verdict.
    package var timeout: Duration
    /// What to do when that time is over.
    package var onInconclusive: InconclusivePolicy
    /// What to do when a check fails.
    package var onFailure: FailurePolicy
    /// Chance that a candidate no worse than tolerated is ever rolled back by a test, over the whole rollout.
    package var falseAlarmRate: Double
    /// Chance that a candidate worse than tolerated ever passes; nil asks for estimates within tolerance, not for proof.
    package var falsePromotionRate: Double?
    /// How long after the promotion the version before stays and the checks go on.
    package var rollbackWindow: Duration
    /// Whether a candidate whose signature differs from the stable version's is accepted.
    package var compatible: Bool
    /// What stands before the first percent.
    package var gates: RolloutGates
    /// What an A/B test compares; nil for the other strategies.
    package var comparison: MetricComparison?
    /// What a step must pass.
    package var checks: RolloutChecks

    /// Makes a specification; `init(fields:)` validates what users write.
    package init(
        strategy: RolloutStrategy = .canary,
        steps: [RolloutStep]? = nil,
        bake: Duration = .seconds(60),
        minimumSamples: Int = 100,
        timeout: Duration = .seconds(3600),
        onInconclusive: InconclusivePolicy = .hold,
        onFailure: FailurePolicy = .rollback,
        falseAlarmRate: Double = 0.05,
        falsePromotionRate: Double? = nil,
        rollbackWindow: Duration? = nil,
        compatible: Bool = false,
        gates: RolloutGates = RolloutGates(),
        comparison: MetricComparison? = nil,
        checks: RolloutChecks = RolloutChecks(errorRate: ErrorRateCheck(maximum: 0.01))
    ) {
        self.strategy = strategy
        self.steps = steps ?? strategy.standardSteps
        self.bake = bake
        self.minimumSamples = minimumSamples
        self.timeout = timeout
        self.onInconclusive = onInconclusive
        self.onFailure = onFailure
        self.falseAlarmRate = falseAlarmRate
        self.falsePromotionRate = falsePromotionRate
        self.rollbackWindow = rollbackWindow ?? strategy.standardWindow
        self.compatible = compatible
        self.gates = gates
        self.comparison = comparison
        self.checks = checks
    }

    /// What a rollout goes through: the gate, if there is one, then the steps.
    ///
    /// A state's `step` counts these.
    package var stages: [RolloutStep] {
        guard !gates.isOpen else { return steps }
        let gate = RolloutStep(
            0,
            shadowPercent: 0,
            bake: .zero,
            minimumSamples: 0,
            needsConfirmation: gates.confirm,
            checks: RolloutChecks(replay: gates.replay)
        )
        return [gate] + steps
    }

    /// Where evidence is counted while a promoted version is watched: after the last stage.
    package var watchStage: Int { stages.count }

    /// Every check that any stage asks for, whatever its settings.
    package var allChecks: [RolloutChecks] { [checks] + stages.compactMap(\.checks) }

    /// One stage with everything that it leaves to the rollout filled in; past the last one, the watch.
    package func stage(_ index: Int) -> RolloutStage {
        let stages = stages
        guard stages.indices.contains(index) else {
            return RolloutStage(RolloutStep(100), of: self, isWatch: true)
        }
        return RolloutStage(stages[index], of: self, isWatch: false)
    }

    /// Number of tests that share the false-alarm rate.
    var testCount: Int {
        allChecks.reduce(into: Set<String>()) { $0.formUnion($1.tests) }.count + (comparison == nil ? 0 : 1)
    }
}

/// A stage with everything stated.
package struct RolloutStage: Sendable, Equatable {
    /// The candidate's share of the traffic in percent.
    package let percent: Int
    /// Share of the requests that both versions score, in percent.
    package let shadowPercent: Int
    /// Shortest time at the stage.
    package let bake: Duration
    /// Candidate requests needed.
    package let minimumSamples: Int
    /// Longest time without a verdict.
    package let timeout: Duration
    /// Whether a person must say yes before the stage is left.
    package let needsConfirmation: Bool
    /// What the stage must pass.
    package let checks: RolloutChecks
    /// What to do without a verdict.
    package let onInconclusive: InconclusivePolicy
    /// What to do when a check fails.
    package let onFailure: FailurePolicy
    /// Whether the candidate is promoted already and only watched.
    package let isWatch: Bool

    init(_ step: RolloutStep, of spec: RolloutSpec, isWatch: Bool) {
        percent = min(max(step.percent, 0), 100)
        checks = step.checks ?? spec.checks
        shadowPercent = step.shadowPercent ?? (checks.wantsBothAnswers || percent == 0 ? 100 : 0)
        bake = isWatch ? spec.rollbackWindow : step.bake ?? spec.bake
        minimumSamples = step.minimumSamples ?? spec.minimumSamples
        timeout = isWatch ? spec.rollbackWindow : step.timeout ?? spec.timeout
        needsConfirmation = step.needsConfirmation
        onInconclusive = step.onInconclusive ?? spec.onInconclusive
        onFailure = step.onFailure ?? spec.onFailure
        self.isWatch = isWatch
    }
}
