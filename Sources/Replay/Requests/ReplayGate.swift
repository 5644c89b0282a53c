package import Core

/// What a replay must show before its candidate passes; a bound that is absent is not asked for.
package struct ReplayGate: Sendable, Equatable {
    /// Compared predictions without which nothing is decided.
    package var minimum: Int
    /// Tolerated share of predictions that the candidate answers differently, 0…1.
    package var maximumDisagreement: Double?
    /// Tolerated loss by labels: of accuracy as a difference, of a regression's mean absolute error as a share of the
    /// error that was logged.
    package var maximumMetricDrop: Double?
    /// Labelled predictions without which `maximumMetricDrop` is not decided.
    package var minimumLabels: Int
    /// Tolerated ratio of the candidate's 95 % latency to that of the version that serves.
    package var maximumLatencyRatio: Double?

    /// Makes a gate; `minimumLabels` is `minimum` when it is not given.
    package init(
        minimum: Int = 100,
        maximumDisagreement: Double? = nil,
        maximumMetricDrop: Double? = nil,
        minimumLabels: Int? = nil,
        maximumLatencyRatio: Double? = nil
    ) {
        self.minimum = minimum
        self.maximumDisagreement = maximumDisagreement
        self.maximumMetricDrop = maximumMetricDrop
        self.minimumLabels = minimumLabels ?? minimum
        self.maximumLatencyRatio = maximumLatencyRatio
    }

    /// The keys in a request.
    static let keys = [
        "minimum", "max_disagreement", "min_agreement", "max_metric_drop", "minimum_labels", "max_latency_ratio",
    ]

    /// Reads the `gate` object of a request.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package init(fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(Self.keys)
        let most = Int64(ReplayLimits.rows)
        var disagreement = try fields.optionalDouble("max_disagreement", in: 0...1)
        if let agreement = try fields.optionalDouble("min_agreement", in: 0...1) {
            guard disagreement == nil else {
                throw fields.invalid("min_agreement", "must not stand beside 'max_disagreement', which says the same")
            }
            disagreement = 1 - agreement
        }
        self.init(
            minimum: Int(try fields.optionalInt("minimum", in: 1...most) ?? 100),
            maximumDisagreement: disagreement,
            maximumMetricDrop: try fields.optionalDouble("max_metric_drop", in: 0...1000),
            minimumLabels: try fields.optionalInt("minimum_labels", in: 1...most).map { Int($0) },
            maximumLatencyRatio: try fields.optionalDouble("max_latency_ratio", in: 0.01...1000)
        )
    }

    /// The object as a request carries it.
    package var json: JSONValue {
        var object: JSONObject = ["minimum": .int(minimum), "minimum_labels": .int(minimumLabels)]
        if let maximumDisagreement { object["max_disagreement"] = .number(maximumDisagreement) }
        if let maximumMetricDrop { object["max_metric_drop"] = .number(maximumMetricDrop) }
        if let maximumLatencyRatio { object["max_latency_ratio"] = .number(maximumLatencyRatio) }
        return .object(object)
    }
}
