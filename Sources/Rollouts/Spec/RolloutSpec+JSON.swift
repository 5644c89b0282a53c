package import Core

extension RolloutSpec {
    /// Reads the `rollout` object of a deployment.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package init(fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown([
            "steps", "bake", "minimum_samples", "timeout", "on_inconclusive", "false_alarm_rate", "checks",
        ])
        let standard = RolloutSpec()
        let minimumSamples = try fields.optionalInt("minimum_samples", in: 1...10_000_000).map { Int($0) }
        let samples = minimumSamples ?? standard.minimumSamples
        var policy = standard.onInconclusive
        if let text = try fields.optionalString("on_inconclusive") {
            guard let named = InconclusivePolicy(rawValue: text) else {
                throw fields.invalid("on_inconclusive", "must be 'hold' or 'rollback'")
            }
            policy = named
        }
        self.init(
            steps: try Self.steps(fields) ?? standard.steps,
            bake: try fields.optionalDuration("bake") ?? standard.bake,
            minimumSamples: samples,
            timeout: try fields.optionalDuration("timeout") ?? standard.timeout,
            onInconclusive: policy,
            falseAlarmRate: try fields.optionalDouble("false_alarm_rate", in: 1e-6...0.5) ?? standard.falseAlarmRate,
            checks: try fields.optionalFields("checks").map { checks throws(MartletError) in
                try RolloutChecks(fields: checks, minimumSamples: samples)
            } ?? standard.checks
        )
        guard timeout > bake else { throw fields.invalid("timeout", "must be longer than 'bake'") }
    }

    private static func steps(_ fields: JSONFields) throws(MartletError) -> [Int]? {
        guard let values = try fields.optionalArray("steps") else { return nil }
        var steps: [Int] = []
        for value in values {
            guard let percent = value.integerValue, (1...100).contains(percent), percent > steps.last ?? 0 else {
                throw fields.invalid("steps", "must be rising whole percentages from 1 to 100")
            }
            steps.append(Int(percent))
        }
        guard steps.last == 100, steps.count <= RolloutsLimits.steps else {
            throw fields.invalid("steps", "must end with 100 and have at most \(RolloutsLimits.steps) entries")
        }
        return steps
    }

    /// The object as it stands in a manifest, with every default written out.
    package var json: JSONValue {
        [
            "steps": .array(steps.map { .int($0) }),
            "bake": .string("\(bake.wholeMilliseconds)ms"),
            "minimum_samples": .int(minimumSamples),
            "timeout": .string("\(timeout.wholeMilliseconds)ms"),
            "on_inconclusive": .string(onInconclusive.rawValue),
            "false_alarm_rate": .number(falseAlarmRate),
            "checks": checks.json,
        ]
    }
}

extension RolloutChecks {
    /// Reads the `checks` object; `minimumSamples` is the default for the number of labels.
    init(fields: JSONFields, minimumSamples: Int) throws(MartletError) {
        try fields.rejectUnknown(["error_rate", "latency", "quality", "disagreement", "drift"])
        self.init()
        if let check = try fields.optionalFields("error_rate") {
            try check.rejectUnknown(["max"])
            errorRate = ErrorRateCheck(maximum: try check.optionalDouble("max", in: 0...1) ?? 0.01)
        }
        if let check = try fields.optionalFields("latency") {
            try check.rejectUnknown(["quantile", "max_ratio", "min_increase"])
            latency = LatencyCheck(
                quantile: try check.optionalDouble("quantile", in: 0.5...0.99) ?? 0.95,
                maximumRatio: try check.optionalDouble("max_ratio", in: 1...1000) ?? 1.5,
                minimumIncrease: try check.optionalDuration("min_increase")?.inSeconds ?? 0.005
            )
        }
        if let check = try fields.optionalFields("quality") {
            try check.rejectUnknown(["max_drop", "minimum_labels", "required"])
            let labels = try check.optionalInt("minimum_labels", in: 1...10_000_000).map { Int($0) }
            quality = QualityCheck(
                maximumDrop: try check.optionalDouble("max_drop", in: 0...1) ?? 0.05,
                minimumLabels: labels ?? minimumSamples,
                required: try check.optionalBool("required") ?? true
            )
        }
        if let check = try fields.optionalFields("disagreement") {
            try check.rejectUnknown(["max"])
            disagreement = DisagreementCheck(maximum: try check.optionalDouble("max", in: 0...1) ?? 0.2)
        }
        if let check = try fields.optionalFields("drift") {
            try check.rejectUnknown(["on_drift"])
            let action = try check.optionalString("on_drift") ?? "hold"
            guard action == "hold" || action == "rollback" else {
                throw check.invalid("on_drift", "must be 'hold' or 'rollback'")
            }
            drift = DriftCheck(rollsBack: action == "rollback")
        }
    }

    var json: JSONValue {
        var object: JSONObject = [:]
        if let errorRate { object["error_rate"] = ["max": .number(errorRate.maximum)] }
        if let latency {
            object["latency"] = [
                "quantile": .number(latency.quantile), "max_ratio": .number(latency.maximumRatio),
                "min_increase": .string("\(Int64((latency.minimumIncrease * 1000).rounded()))ms"),
            ]
        }
        if let quality {
            object["quality"] = [
                "max_drop": .number(quality.maximumDrop), "minimum_labels": .int(quality.minimumLabels),
                "required": .bool(quality.required),
            ]
        }
        if let disagreement { object["disagreement"] = ["max": .number(disagreement.maximum)] }
        if let drift { object["drift"] = ["on_drift": .string(drift.rollsBack ? "rollback" : "hold")] }
        return .object(object)
    }
}
