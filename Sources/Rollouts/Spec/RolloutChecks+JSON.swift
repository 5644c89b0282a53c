package import Core

extension RolloutChecks {
    /// Reads the `checks` object.
    ///
    /// - Parameters:
    ///   - fields: The object.
    ///   - minimumSamples: The default for the number of labels and of estimated rows.
    /// - Throws: `invalidArgument` naming the field.
    package init(fields: JSONFields, minimumSamples: Int) throws(MartletError) {
        try fields.rejectUnknown([
            "error_rate", "latency", "quality", "disagreement", "drift", "prediction", "missing_outputs", "estimate",
            "prometheus", "webhook",
        ])
        self.init()
        if let check = try fields.optionalFields("error_rate") {
            try check.rejectUnknown(["max"])
            errorRate = ErrorRateCheck(maximum: try check.optionalDouble("max", in: 0...1) ?? 0.01)
        }
        if let check = try fields.optionalFields("missing_outputs") {
            try check.rejectUnknown(["max"])
            missingOutputs = MissingOutputsCheck(maximum: try check.optionalDouble("max", in: 0...1) ?? 0.01)
        }
        latency = try fields.optionalFields("latency").map(LatencyCheck.init(fields:))
        quality = try fields.optionalFields("quality").map { check throws(MartletError) in
            try QualityCheck(fields: check, minimumSamples)
        }
        if let check = try fields.optionalFields("disagreement") {
            try check.rejectUnknown(["max", "wait_for_labels"])
            disagreement = DisagreementCheck(
                maximum: try check.optionalDouble("max", in: 0...1) ?? 0.2,
                waitForLabels: try check.optionalDuration("wait_for_labels")
            )
        }
        if let check = try fields.optionalFields("prediction") {
            try check.rejectUnknown(["max_shift", "wait_for_labels"])
            prediction = PredictionCheck(
                maximumShift: try check.optionalDouble("max_shift", in: 0...1) ?? 0.1,
                waitForLabels: try check.optionalDuration("wait_for_labels")
            )
        }
        if let check = try fields.optionalFields("drift") {
            try check.rejectUnknown(["on_drift"])
            drift = DriftCheck(rollsBack: try check.rollsBack("on_drift"))
        }
        if let check = try fields.optionalFields("estimate") {
            try check.rejectUnknown(["max_drop", "minimum_rows", "on_drop"])
            let rows = try check.optionalInt("minimum_rows", in: 1...10_000_000).map { Int($0) }
            estimate = EstimateCheck(
                maximumDrop: try check.optionalDouble("max_drop", in: 0...1e12) ?? 0.05,
                minimumRows: rows ?? minimumSamples,
                rollsBack: try check.rollsBack("on_drop")
            )
        }
        prometheus = try Self.list("prometheus", fields, PrometheusCheck.init(fields:))
        webhooks = try Self.list("webhook", fields, WebhookCheck.init(fields:))
    }

    private static func list<Check>(
        _ key: String,
        _ fields: JSONFields,
        _ make: (JSONFields) throws(MartletError) -> Check
    ) throws(MartletError) -> [Check] {
        var (checks, names): ([Check], Set<String>) = ([], [])
        for (position, value) in (try fields.optionalArray(key) ?? []).enumerated() {
            guard position < RolloutsLimits.externalChecks else {
                throw fields.invalid(key, "must have at most \(RolloutsLimits.externalChecks) entries")
            }
            let entry = try JSONFields(value, path: "\(fields.path(of: key))[\(position)]")
            guard names.insert(try entry.string("name")).inserted else { throw entry.invalid("name", "is used twice") }
            checks.append(try make(entry))
        }
        return checks
    }

    /// The object as it stands in a manifest, with every default written out.
    package var json: JSONValue {
        var object: JSONObject = [:]
        if let errorRate { object["error_rate"] = ["max": .number(errorRate.maximum)] }
        if let latency { object["latency"] = latency.json }
        if let quality { object["quality"] = quality.json }
        if let disagreement {
            var check: JSONObject = ["max": .number(disagreement.maximum)]
            if let wait = disagreement.waitForLabels { check["wait_for_labels"] = wait.written }
            object["disagreement"] = .object(check)
        }
        if let drift { object["drift"] = ["on_drift": .string(drift.rollsBack ? "rollback" : "hold")] }
        if let prediction {
            var check: JSONObject = ["max_shift": .number(prediction.maximumShift)]
            if let wait = prediction.waitForLabels { check["wait_for_labels"] = wait.written }
            object["prediction"] = .object(check)
        }
        if let missingOutputs { object["missing_outputs"] = ["max": .number(missingOutputs.maximum)] }
        if let estimate {
            object["estimate"] = [
                "max_drop": .number(estimate.maximumDrop), "minimum_rows": .int(estimate.minimumRows),
                "on_drop": .string(estimate.rollsBack ? "rollback" : "hold"),
            ]
        }
        if !prometheus.isEmpty { object["prometheus"] = .array(prometheus.map(\.json)) }
        if !webhooks.isEmpty { object["webhook"] = .array(webhooks.map(\.json)) }
        return .object(object)
    }
}

extension LatencyCheck {
    init(fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["quantile", "max_ratio", "min_increase"])
        self.init(
            quantile: try fields.optionalDouble("quantile", in: 0.5...0.99) ?? 0.95,
            maximumRatio: try fields.optionalDouble("max_ratio", in: 1...1000) ?? 1.5,
            minimumIncrease: try fields.optionalDuration("min_increase")?.inSeconds ?? 0.005
        )
    }

    var json: JSONValue {
        [
            "quantile": .number(quantile), "max_ratio": .number(maximumRatio),
            "min_increase": .string("\(Int64((minimumIncrease * 1000).rounded()))ms"),
        ]
    }
}

extension QualityCheck {
    init(fields: JSONFields, _ minimumSamples: Int) throws(MartletError) {
        try fields.rejectUnknown(["metric", "max_drop", "max_increase", "minimum_labels", "required"])
        let metric = try fields.optionalChoice("metric", of: Metric.self) ?? .accuracy
        let other = metric == .accuracy ? "max_increase" : "max_drop"
        guard fields.value(other) == nil else {
            throw fields.invalid(other, "does not go with 'metric: \(metric.rawValue)'")
        }
        let labels = try fields.optionalInt("minimum_labels", in: 1...10_000_000).map { Int($0) }
        self.init(
            metric: metric,
            maximumDrop: try fields.optionalDouble("max_drop", in: 0...1) ?? 0.05,
            maximumIncrease: try fields.optionalDouble("max_increase", in: 0...1000) ?? 0.05,
            minimumLabels: labels ?? minimumSamples,
            required: try fields.optionalBool("required") ?? true
        )
    }

    var json: JSONValue {
        var object: JSONObject = [:]
        if metric == .accuracy {
            object["max_drop"] = .number(maximumDrop)
        } else {
            object["metric"] = .string(metric.rawValue)
            object["max_increase"] = .number(maximumIncrease)
        }
        object["minimum_labels"] = .int(minimumLabels)
        object["required"] = .bool(required)
        return .object(object)
    }
}

extension JSONFields {
    /// `rollback` or `hold`, which is the default.
    fileprivate func rollsBack(_ key: String) throws(MartletError) -> Bool {
        let action = try optionalString(key) ?? "hold"
        guard action == "hold" || action == "rollback" else {
            throw invalid(key, "must be 'hold' or 'rollback'")
        }
        return action == "rollback"
    }
}
