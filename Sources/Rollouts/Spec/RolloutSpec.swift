/// What to do when a step ends without a verdict.
package enum InconclusivePolicy: String, Sendable, Equatable, CaseIterable {
    /// Keep the weights and wait for evidence or an operator.
    case hold
    /// Return all traffic to the stable version.
    case rollback
}

/// Fails when the candidate's errors exceed the tolerated rate and the stable version's.
package struct ErrorRateCheck: Sendable, Equatable {
    /// Tolerated share of failed requests, 0…1.
    package var maximum: Double

    /// Makes a check.
    package init(maximum: Double) {
        self.maximum = maximum
    }
}

/// Fails when the candidate's latency quantile lies beyond the stable version's by more than the tolerance.
package struct LatencyCheck: Sendable, Equatable {
    /// The quantile compared, 0.5…0.99.
    package var quantile: Double
    /// Tolerated ratio to the stable version's quantile, at least 1.
    package var maximumRatio: Double
    /// Tolerated absolute increase in seconds; the larger tolerance counts.
    package var minimumIncrease: Double

    /// Makes a check.
    package init(quantile: Double, maximumRatio: Double, minimumIncrease: Double) {
        self.quantile = quantile
        self.maximumRatio = maximumRatio
        self.minimumIncrease = minimumIncrease
    }
}

/// Fails when labels show that the candidate is right less often.
package struct QualityCheck: Sendable, Equatable {
    /// Tolerated drop of accuracy, 0…1.
    package var maximumDrop: Double
    /// Labelled rows needed before the candidate may pass.
    package var minimumLabels: Int
    /// Whether a candidate without enough labels is held; otherwise labels count only when they come.
    package var required: Bool

    /// Makes a check.
    package init(maximumDrop: Double, minimumLabels: Int, required: Bool) {
        self.maximumDrop = maximumDrop
        self.minimumLabels = minimumLabels
        self.required = required
    }
}

/// Fails when the candidate contradicts the stable version on too many of the same rows.
package struct DisagreementCheck: Sendable, Equatable {
    /// Tolerated share of rows with different answers, 0…1.
    package var maximum: Double

    /// Makes a check.
    package init(maximum: Double) {
        self.maximum = maximum
    }
}

/// Holds (or fails) a candidate whose traffic has drifted from its own reference.
package struct DriftCheck: Sendable, Equatable {
    /// Whether drift rolls back; otherwise it holds the step.
    package var rollsBack: Bool

    /// Makes a check.
    package init(rollsBack: Bool) {
        self.rollsBack = rollsBack
    }
}

/// The checks a step must pass; an absent check is not made.
package struct RolloutChecks: Sendable, Equatable {
    /// Server-side failures.
    package var errorRate: ErrorRateCheck?
    /// Latency against the stable version.
    package var latency: LatencyCheck?
    /// Accuracy by labels.
    package var quality: QualityCheck?
    /// Contradiction of the stable version.
    package var disagreement: DisagreementCheck?
    /// Drift against the candidate's reference.
    package var drift: DriftCheck?

    /// Makes a set of checks.
    package init(
        errorRate: ErrorRateCheck? = nil,
        latency: LatencyCheck? = nil,
        quality: QualityCheck? = nil,
        disagreement: DisagreementCheck? = nil,
        drift: DriftCheck? = nil
    ) {
        self.errorRate = errorRate
        self.latency = latency
        self.quality = quality
        self.disagreement = disagreement
        self.drift = drift
    }

    /// Number of checks that can roll back by a statistical test and so share the false-alarm rate.
    var testCount: Int {
        (errorRate == nil ? 0 : 1) + (latency == nil ? 0 : 1) + (quality == nil ? 0 : 1) + (disagreement == nil ? 0 : 1)
    }
}

/// How a deployment moves from one version to the next.
package struct RolloutSpec: Sendable, Equatable {
    /// Candidate's share of the traffic at each step in percent, rising, the last 100.
    package var steps: [Int]
    /// Shortest time at each step.
    package var bake: Duration
    /// Candidate requests needed at each step before it may pass.
    package var minimumSamples: Int
    /// Longest time at one step without a verdict.
    package var timeout: Duration
    /// What to do when that time is over.
    package var onInconclusive: InconclusivePolicy
    /// Chance that a candidate no worse than tolerated is ever rolled back by a test, over the whole rollout.
    package var falseAlarmRate: Double
    /// What a step must pass.
    package var checks: RolloutChecks

    /// Makes a specification; `DeploymentSpec` validates what users write.
    package init(
        steps: [Int] = [10, 50, 100],
        bake: Duration = .seconds(60),
        minimumSamples: Int = 100,
        timeout: Duration = .seconds(3600),
        onInconclusive: InconclusivePolicy = .hold,
        falseAlarmRate: Double = 0.05,
        checks: RolloutChecks = RolloutChecks(errorRate: ErrorRateCheck(maximum: 0.01))
    ) {
        self.steps = steps
        self.bake = bake
        self.minimumSamples = minimumSamples
        self.timeout = timeout
        self.onInconclusive = onInconclusive
        self.falseAlarmRate = falseAlarmRate
        self.checks = checks
    }
}
