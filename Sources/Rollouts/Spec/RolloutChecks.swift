/// The checks a step must pass; an absent check is not made.
package struct RolloutChecks: Sendable, Equatable {
    /// Server-side failures.
    package var errorRate: ErrorRateCheck?
    /// Latency against the stable version.
    package var latency: LatencyCheck?
    /// The label-based metric.
    package var quality: QualityCheck?
    /// Contradiction of the stable version.
    package var disagreement: DisagreementCheck?
    /// Drift against the candidate's reference.
    package var drift: DriftCheck?
    /// The distribution of the answers.
    package var prediction: PredictionCheck?
    /// Answers that are missing or no numbers.
    package var missingOutputs: MissingOutputsCheck?
    /// The metric estimated without labels.
    package var estimate: EstimateCheck?
    /// Queries to a Prometheus outside.
    package var prometheus: [PrometheusCheck]
    /// Webhooks that are asked.
    package var webhooks: [WebhookCheck]
    /// What the replay of the ledger said; set by `RolloutGates` at the gate's stage.
    package var replay: ReplayGate?

    /// Makes a set of checks.
    package init(
        errorRate: ErrorRateCheck? = nil,
        latency: LatencyCheck? = nil,
        quality: QualityCheck? = nil,
        disagreement: DisagreementCheck? = nil,
        drift: DriftCheck? = nil,
        prediction: PredictionCheck? = nil,
        missingOutputs: MissingOutputsCheck? = nil,
        estimate: EstimateCheck? = nil,
        prometheus: [PrometheusCheck] = [],
        webhooks: [WebhookCheck] = [],
        replay: ReplayGate? = nil
    ) {
        self.errorRate = errorRate
        self.latency = latency
        self.quality = quality
        self.disagreement = disagreement
        self.drift = drift
        self.prediction = prediction
        self.missingOutputs = missingOutputs
        self.estimate = estimate
        self.prometheus = prometheus
        self.webhooks = webhooks
        self.replay = replay
    }

    /// Whether both versions' answers to the same rows are wanted.
    package var wantsBothAnswers: Bool { quality != nil || disagreement != nil || prediction != nil }

    /// Names of the checks that can roll back by a sequential test.
    var tests: Set<String> {
        var names: Set<String> = []
        if errorRate != nil { names.insert("error_rate") }
        if latency != nil { names.insert("latency") }
        if quality != nil { names.insert("quality") }
        if disagreement != nil { names.insert("disagreement") }
        if prediction != nil { names.insert("prediction") }
        if missingOutputs != nil { names.insert("missing_outputs") }
        return names
    }

    /// The checks whose measurements come in rows of their own, by the measurement's name.
    package var external: [(name: String, check: ExternalCheck)] {
        prometheus.map { ("prometheus/\($0.external.name)", $0.external) }
            + webhooks.map { ("webhook/\($0.external.name)", $0.external) }
    }
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

/// Fails when the candidate leaves out answers more often than tolerated and than the stable version.
package struct MissingOutputsCheck: Sendable, Equatable {
    /// Tolerated share of rows without an answer, 0…1.
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

/// Fails when labels show that the candidate is worse.
package struct QualityCheck: Sendable, Equatable {
    /// What labels are turned into.
    package enum Metric: String, Sendable, Equatable, CaseIterable {
        /// Share of rows that are right; of two numbers the one nearer to the label is right.
        case accuracy
        /// Mean distance of a number from its label.
        case absoluteError = "absolute_error"
        /// Mean squared distance of a number from its label.
        case squaredError = "squared_error"
    }

    /// What is compared.
    package var metric: Metric
    /// Tolerated drop of accuracy, 0…1.
    package var maximumDrop: Double
    /// Tolerated increase of an error, relative to the stable version's: 0.05 is 5 % more.
    package var maximumIncrease: Double
    /// Labelled rows needed before the candidate may pass.
    package var minimumLabels: Int
    /// Whether a candidate without enough labels is held; otherwise labels count only when they come.
    package var required: Bool

    /// Makes a check.
    package init(
        metric: Metric = .accuracy,
        maximumDrop: Double,
        maximumIncrease: Double = 0.05,
        minimumLabels: Int,
        required: Bool
    ) {
        self.metric = metric
        self.maximumDrop = maximumDrop
        self.maximumIncrease = maximumIncrease
        self.minimumLabels = minimumLabels
        self.required = required
    }
}

/// Fails when the candidate contradicts the stable version on too many of the same rows.
package struct DisagreementCheck: Sendable, Equatable {
    /// Tolerated share of rows with different answers, 0…1.
    package var maximum: Double
    /// How long at a step a `quality` check's labels are awaited before a contradiction counts; nil for the timeout.
    package var waitForLabels: Duration?

    /// Makes a check.
    package init(maximum: Double, waitForLabels: Duration? = nil) {
        self.maximum = maximum
        self.waitForLabels = waitForLabels
    }
}

/// Fails when the candidate's answers are distributed otherwise than the stable version's.
package struct PredictionCheck: Sendable, Equatable {
    /// Tolerated difference of any class's share, or of the distribution function at any bound, 0…1.
    package var maximumShift: Double
    /// How long at a step a `quality` check's labels are awaited before a shift counts; nil for the timeout.
    package var waitForLabels: Duration?

    /// Makes a check.
    package init(maximumShift: Double, waitForLabels: Duration? = nil) {
        self.maximumShift = maximumShift
        self.waitForLabels = waitForLabels
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

/// Holds (or fails) a candidate whose metric, estimated without labels, lies below the stable version's.
package struct EstimateCheck: Sendable, Equatable {
    /// Tolerated drop of the estimated metric.
    package var maximumDrop: Double
    /// Rows needed for an estimate.
    package var minimumRows: Int
    /// Whether a drop rolls back; otherwise it holds the step.
    package var rollsBack: Bool

    /// Makes a check.
    package init(maximumDrop: Double, minimumRows: Int, rollsBack: Bool) {
        self.maximumDrop = maximumDrop
        self.minimumRows = minimumRows
        self.rollsBack = rollsBack
    }
}
