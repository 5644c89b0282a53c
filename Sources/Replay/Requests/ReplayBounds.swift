package import Core

/// What a replay must show before its candidate passes; a bound that is absent is not asked for.
package struct ReplayBounds: Sendable, Equatable {
    /// Compared predictions without which nothing is decided.
    package var minimumRows: Int
    /// Share of predictions that the candidate must answer as it was answered, 0…1.
    package var minimumAgreement: Double?
    /// Tolerated loss by labels: of accuracy as a difference, of a regression's mean absolute error as a share of the
    /// error that was logged.
    package var maximumDrop: Double?
    /// Labelled predictions without which `maximumDrop` is not decided.
    package var minimumLabels: Int
    /// Whether a replay without that many labels decides nothing; otherwise the other bounds decide alone.
    package var requiresLabels: Bool
    /// Tolerated ratio of the candidate's 95 % latency to that of the version that serves.
    package var maximumLatencyRatio: Double?

    /// Makes bounds; `minimumLabels` is `minimumRows` when it is not given.
    package init(
        minimumRows: Int = ReplayBounds.standardRows,
        minimumAgreement: Double? = nil,
        maximumDrop: Double? = nil,
        minimumLabels: Int? = nil,
        requiresLabels: Bool = true,
        maximumLatencyRatio: Double? = nil
    ) {
        self.minimumRows = minimumRows
        self.minimumAgreement = minimumAgreement
        self.maximumDrop = maximumDrop
        self.minimumLabels = minimumLabels ?? minimumRows
        self.requiresLabels = requiresLabels
        self.maximumLatencyRatio = maximumLatencyRatio
    }

    /// The fewest rows when nothing is said.
    package static let standardRows = 100

    /// Reads the `gate` object of a request; its keys are those of a rollout's `gates.replay`.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package init(fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown([
            "minimum_rows", "minimum_agreement", "max_drop", "minimum_labels", "labels_required", "max_latency_ratio",
        ])
        let most = Int64(ReplayLimits.rows)
        self.init(
            minimumRows: try fields.optionalInt("minimum_rows", in: 1...most).map { Int($0) } ?? Self.standardRows,
            minimumAgreement: try fields.optionalDouble("minimum_agreement", in: 0...1),
            maximumDrop: try fields.optionalDouble("max_drop", in: 0...1000),
            minimumLabels: try fields.optionalInt("minimum_labels", in: 1...most).map { Int($0) },
            requiresLabels: try fields.optionalBool("labels_required") ?? true,
            maximumLatencyRatio: try fields.optionalDouble("max_latency_ratio", in: 0...1000)
        )
    }

    /// The object as a request carries it.
    package var json: JSONValue {
        var object: JSONObject = [
            "minimum_rows": .int(minimumRows), "minimum_labels": .int(minimumLabels),
            "labels_required": .bool(requiresLabels),
        ]
        if let minimumAgreement { object["minimum_agreement"] = .number(minimumAgreement) }
        if let maximumDrop { object["max_drop"] = .number(maximumDrop) }
        if let maximumLatencyRatio { object["max_latency_ratio"] = .number(maximumLatencyRatio) }
        return .object(object)
    }
}
