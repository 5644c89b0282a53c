/// When a measured figure is good, harmful, or neither.
package struct MeasurementCondition: Sendable, Equatable {
    /// Good figures are at least this.
    package var minimum: Double?
    /// Good figures are at most this.
    package var maximum: Double?
    /// Figures below this are harmful; without it, whatever is below `minimum`.
    package var failBelow: Double?
    /// Figures above this are harmful; without it, whatever is above `maximum`.
    package var failAbove: Double?

    /// Makes a condition.
    package init(
        minimum: Double? = nil,
        maximum: Double? = nil,
        failBelow: Double? = nil,
        failAbove: Double? = nil
    ) {
        self.minimum = minimum
        self.maximum = maximum
        self.failBelow = failBelow
        self.failAbove = failAbove
    }

    /// Whether nothing is asked of the figure.
    package var isEmpty: Bool { minimum == nil && maximum == nil && failBelow == nil && failAbove == nil }

    /// What a figure means; what is no number never passes.
    package func outcome(of value: Double?) -> CheckResult.Outcome {
        guard let value, !value.isNaN else { return .undecided }
        if let limit = failBelow ?? minimum, value < limit { return .fail }
        if let limit = failAbove ?? maximum, value > limit { return .fail }
        if let minimum, value < minimum { return .undecided }
        if let maximum, value > maximum { return .undecided }
        return .pass
    }
}

/// How measurements from outside are taken and counted, with the meaning that Argo Rollouts gives these words.
///
/// More failures than `failureLimit` fail. More inconclusive measurements than `inconclusiveLimit`, or more errors in a
/// row than `errorLimit`, end the step inconclusive: a measuring place that is down is no evidence of harm, and none
/// of health. `count` good measurements pass.
package struct ExternalCheck: Sendable, Equatable {
    /// The check's name within its kind.
    package var name: String
    /// Time between measurements.
    package var interval: Duration
    /// Time from the step's beginning to the first measurement.
    package var initialDelay: Duration
    /// Longest time that one measurement may take.
    package var timeout: Duration
    /// Good measurements needed at each step.
    package var count: Int
    /// Failed measurements that are tolerated.
    package var failureLimit: Int
    /// Measurements without an answer that are tolerated.
    package var inconclusiveLimit: Int
    /// Errors in a row that are tolerated.
    package var errorLimit: Int
    /// When a figure is good.
    package var condition: MeasurementCondition

    /// Makes a check; the defaults are Argo Rollouts' where it has one.
    package init(
        name: String,
        interval: Duration = .seconds(10),
        initialDelay: Duration = .zero,
        timeout: Duration = .seconds(5),
        count: Int = 1,
        failureLimit: Int = 0,
        inconclusiveLimit: Int = 0,
        errorLimit: Int = 4,
        condition: MeasurementCondition = MeasurementCondition()
    ) {
        self.name = name
        self.interval = interval
        self.initialDelay = initialDelay
        self.timeout = timeout
        self.count = count
        self.failureLimit = failureLimit
        self.inconclusiveLimit = inconclusiveLimit
        self.errorLimit = errorLimit
        self.condition = condition
    }
}

/// A header of a call to the outside; its text lies in a secret.
package struct ExternalHeader: Sendable, Equatable {
    /// The header's name.
    package var name: String
    /// The name of the secret whose text is the header's value.
    package var secret: String

    /// Makes a header.
    package init(name: String, secret: String) {
        self.name = name
        self.secret = secret
    }
}

/// A query whose figure is measured at a Prometheus outside.
package struct PrometheusCheck: Sendable, Equatable {
    /// The server's address, such as `http://prometheus:9090`.
    package var server: String
    /// PromQL; `{{deployment}}`, `{{candidate}}` and `{{stable}}` are replaced by their names and version numbers.
    package var query: String
    /// Headers to send.
    package var headers: [ExternalHeader]
    /// When and how often, and what figure is good.
    package var external: ExternalCheck

    /// Makes a check.
    package init(server: String, query: String, headers: [ExternalHeader] = [], external: ExternalCheck) {
        self.server = server
        self.query = query
        self.headers = headers
        self.external = external
    }
}

/// A webhook that is asked whether to go on.
package struct WebhookCheck: Sendable, Equatable {
    /// Where it is.
    package var url: String
    /// The name of the secret that signs what is sent; nil sends it unsigned.
    package var secret: String?
    /// Headers to send.
    package var headers: [ExternalHeader]
    /// When and how often, and what figure is good when the answer has one.
    package var external: ExternalCheck

    /// Makes a check.
    package init(url: String, secret: String? = nil, headers: [ExternalHeader] = [], external: ExternalCheck) {
        self.url = url
        self.secret = secret
        self.headers = headers
        self.external = external
    }
}

/// What a candidate must show on the ledger's past before it gets its first percent.
package struct ReplayGate: Sendable, Equatable {
    /// How far back predictions are replayed.
    package var since: Duration
    /// Rows needed.
    package var minimumRows: Int
    /// Share of rows on which the candidate must agree with what was answered; nil asks nothing.
    package var minimumAgreement: Double?
    /// Tolerated drop of the metric on labelled rows; nil asks nothing.
    package var maximumDrop: Double?
    /// Tolerated ratio of the candidate's 95 % quantile of time per row to the serving version's; nil asks nothing.
    package var maximumLatencyRatio: Double?

    /// Makes a gate.
    package init(
        since: Duration = .seconds(86_400),
        minimumRows: Int = 100,
        minimumAgreement: Double? = nil,
        maximumDrop: Double? = 0.05,
        maximumLatencyRatio: Double? = nil
    ) {
        self.since = since
        self.minimumRows = minimumRows
        self.minimumAgreement = minimumAgreement
        self.maximumDrop = maximumDrop
        self.maximumLatencyRatio = maximumLatencyRatio
    }
}

/// What stands before a candidate's first percent.
package struct RolloutGates: Sendable, Equatable {
    /// A replay of the ledger that must pass.
    package var replay: ReplayGate?
    /// Whether a person must say yes.
    package var confirm: Bool

    /// Makes gates; the standard ones are open.
    package init(replay: ReplayGate? = nil, confirm: Bool = false) {
        self.replay = replay
        self.confirm = confirm
    }

    /// Whether there is nothing to pass.
    package var isOpen: Bool { replay == nil && !confirm }
}

/// What an A/B test compares, and how much of a difference matters.
package struct MetricComparison: Sendable, Equatable {
    /// What is compared.
    package enum Metric: String, Sendable, Equatable, CaseIterable {
        /// Share of labelled rows that are right.
        case accuracy
        /// Mean of the labels themselves: what the version's users then did, such as 1 for a purchase.
        case label
        /// Mean distance of a number from its label.
        case absoluteError = "absolute_error"
        /// Share of failed requests.
        case errorRate = "error_rate"
        /// Mean latency in seconds.
        case latency
        /// Mean of the answers' scores.
        case score

        /// Whether more is better when the manifest does not say.
        var isHigherBetter: Bool {
            switch self {
            case .accuracy, .label, .score: true
            case .absoluteError, .errorRate, .latency: false
            }
        }
    }

    /// What is compared.
    package var metric: Metric
    /// Whether more is better.
    package var isHigherBetter: Bool
    /// Differences smaller than this do not matter.
    ///
    /// Once the difference is shown to be smaller, the test ends without a winner; 0 never ends so.
    package var minimumEffect: Double
    /// Chance that a version that is not better wins.
    package var falseWinRate: Double

    /// Makes a comparison.
    package init(
        metric: Metric,
        isHigherBetter: Bool? = nil,
        minimumEffect: Double = 0,
        falseWinRate: Double = 0.05
    ) {
        self.metric = metric
        self.isHigherBetter = isHigherBetter ?? metric.isHigherBetter
        self.minimumEffect = minimumEffect
        self.falseWinRate = falseWinRate
    }
}
