package import Core

extension RolloutSpec {
    /// Reads the `rollout` object of a deployment.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package init(fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown([
            "strategy", "steps", "bake", "minimum_samples", "timeout", "confirm", "on_inconclusive", "on_fail",
            "false_alarm_rate", "false_promotion_rate", "rollback_window", "compatible", "gates", "ab", "checks",
        ])
        let strategy = try fields.optionalChoice("strategy", of: RolloutStrategy.self) ?? .canary
        let standard = RolloutSpec(strategy: strategy)
        let samples = try fields.optionalInt("minimum_samples", in: 1...10_000_000).map { Int($0) }
        let minimumSamples = samples ?? standard.minimumSamples
        self.init(
            strategy: strategy,
            steps: try RolloutStep.list(fields, strategy, minimumSamples: minimumSamples),
            bake: try fields.optionalDuration("bake") ?? standard.bake,
            minimumSamples: minimumSamples,
            timeout: try fields.optionalDuration("timeout") ?? standard.timeout,
            onInconclusive: try fields.optionalInconclusivePolicy() ?? standard.onInconclusive,
            onFailure: try fields.optionalChoice("on_fail", of: FailurePolicy.self) ?? standard.onFailure,
            falseAlarmRate: try fields.optionalDouble("false_alarm_rate", in: 1e-6...0.5) ?? standard.falseAlarmRate,
            falsePromotionRate: try fields.optionalDouble("false_promotion_rate", in: 1e-6...0.5),
            rollbackWindow: try fields.optionalDuration("rollback_window"),
            compatible: try fields.optionalBool("compatible") ?? false,
            gates: try fields.optionalFields("gates").map(RolloutGates.init(fields:)) ?? RolloutGates(),
            comparison: try fields.optionalFields("ab").map(MetricComparison.init(fields:)),
            checks: try fields.optionalFields("checks").map { checks throws(MartletError) in
                try RolloutChecks(fields: checks, minimumSamples: minimumSamples)
            } ?? standard.checks
        )
        if try fields.optionalBool("confirm") ?? false {
            guard !steps.isEmpty else {
                throw fields.invalid("confirm", "needs a step to wait at; use 'gates: {confirm: true}' before the swap")
            }
            steps[steps.count - 1].needsConfirmation = true
        }
        try validate(fields)
    }

    /// What single fields cannot say.
    private func validate(_ fields: JSONFields) throws(MartletError) {
        guard timeout > bake else { throw fields.invalid("timeout", "must be longer than 'bake'") }
        for step in steps where (step.timeout ?? timeout) <= (step.bake ?? bake) {
            throw fields.invalid("steps", "must each have a timeout longer than their bake time")
        }
        if strategy == .comparison, comparison == nil {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "ab"))' is missing: an A/B test needs a metric, such as {metric: accuracy}."
            )
        }
        if strategy != .comparison, comparison != nil {
            throw fields.invalid("ab", "is for 'strategy: ab' only")
        }
        for step in steps {
            guard let check = step.checks?.latency, check != checks.latency else { continue }
            throw fields.invalid(
                "steps",
                "cannot change the latency check, whose threshold is fixed once; state it in 'checks'"
            )
        }
    }

    /// The object as it stands in a manifest, with every default written out.
    package var json: JSONValue {
        var object: JSONObject = [
            "strategy": .string(strategy.rawValue),
            "steps": .array(steps.map(\.json)),
            "bake": bake.written,
            "minimum_samples": .int(minimumSamples),
            "timeout": timeout.written,
            "on_inconclusive": .string(onInconclusive.rawValue),
            "on_fail": .string(onFailure.rawValue),
            "false_alarm_rate": .number(falseAlarmRate),
        ]
        if let falsePromotionRate { object["false_promotion_rate"] = .number(falsePromotionRate) }
        object["rollback_window"] = rollbackWindow.written
        if compatible { object["compatible"] = true }
        if !gates.isOpen { object["gates"] = gates.json }
        if let comparison { object["ab"] = comparison.json }
        object["checks"] = checks.json
        return .object(object)
    }
}

extension RolloutStep {
    /// Reads `steps`; nil when absent.
    static func list(
        _ fields: JSONFields,
        _ strategy: RolloutStrategy,
        minimumSamples: Int
    ) throws(MartletError) -> [RolloutStep]? {
        guard let values = try fields.optionalArray("steps") else { return nil }
        guard values.count <= RolloutsLimits.steps else {
            throw fields.invalid("steps", "must end with 100 and have at most \(RolloutsLimits.steps) entries")
        }
        var steps: [RolloutStep] = []
        for (position, value) in values.enumerated() {
            let step: RolloutStep
            if let percent = value.integerValue, (1...100).contains(percent) {
                step = RolloutStep(Int(percent))
            } else if value.objectValue != nil {
                let path = "\(fields.path(of: "steps"))[\(position)]"
                step = try RolloutStep(fields: JSONFields(value, path: path), minimumSamples)
            } else {
                throw fields.invalid(
                    "steps",
                    "must be rising whole percentages from 1 to 100, or objects such as {percent: 10, bake: 5m}"
                )
            }
            let previous = steps.last?.percent ?? 0
            guard step.percent > previous || (step.percent == 0 && previous == 0) else {
                throw fields.invalid("steps", "must be rising")
            }
            steps.append(step)
        }
        try check(steps, strategy, fields)
        return steps
    }

    private static func check(
        _ steps: [RolloutStep],
        _ strategy: RolloutStrategy,
        _ fields: JSONFields
    ) throws(MartletError) {
        switch strategy {
        case .canary, .shadow:
            guard steps.last?.percent == 100 else {
                throw fields.invalid("steps", "must end with 100 and have at most \(RolloutsLimits.steps) entries")
            }
            guard strategy == .canary || steps.first?.percent == 0 else {
                throw fields.invalid("steps", "of 'strategy: shadow' must begin with {percent: 0, shadow_percent: …}")
            }
        case .allAtOnce:
            guard steps.isEmpty else { throw fields.invalid("steps", "must be left out of 'strategy: all_at_once'") }
        case .blueGreen:
            guard steps.allSatisfy({ $0.percent == 0 }), !steps.isEmpty else {
                throw fields.invalid(
                    "steps",
                    "of 'strategy: blue_green' must all have percent 0; the swap follows them"
                )
            }
        case .comparison:
            guard steps.count == 1, (1...99).contains(steps.first?.percent ?? 0) else {
                throw fields.invalid("steps", "of 'strategy: ab' must be one share from 1 to 99")
            }
        }
    }

    private init(fields: JSONFields, _ minimumSamples: Int) throws(MartletError) {
        try fields.rejectUnknown([
            "percent", "shadow_percent", "bake", "minimum_samples", "timeout", "confirm", "checks", "on_inconclusive",
            "on_fail",
        ])
        let samples = try fields.optionalInt("minimum_samples", in: 1...10_000_000).map { Int($0) }
        self.init(
            Int(try fields.int("percent", in: 0...100)),
            shadowPercent: try fields.optionalInt("shadow_percent", in: 0...100).map { Int($0) },
            bake: try fields.optionalDuration("bake"),
            minimumSamples: samples,
            timeout: try fields.optionalDuration("timeout"),
            needsConfirmation: try fields.optionalBool("confirm") ?? false,
            checks: try fields.optionalFields("checks").map { checks throws(MartletError) in
                try RolloutChecks(fields: checks, minimumSamples: samples ?? minimumSamples)
            },
            onInconclusive: try fields.optionalInconclusivePolicy(),
            onFailure: try fields.optionalChoice("on_fail", of: FailurePolicy.self)
        )
        guard percent > 0 || (shadowPercent ?? 1) > 0 else {
            throw fields.invalid("shadow_percent", "must be above 0 at a step of 0 percent, which would see nothing")
        }
    }

    /// The step as written: its share alone when nothing else is stated.
    package var json: JSONValue {
        guard self != RolloutStep(percent) || percent == 0 else { return .int(percent) }
        var object: JSONObject = ["percent": .int(percent)]
        if let shadowPercent { object["shadow_percent"] = .int(shadowPercent) }
        if let bake { object["bake"] = bake.written }
        if let minimumSamples { object["minimum_samples"] = .int(minimumSamples) }
        if let timeout { object["timeout"] = timeout.written }
        if needsConfirmation { object["confirm"] = true }
        if let checks { object["checks"] = checks.json }
        if let onInconclusive { object["on_inconclusive"] = .string(onInconclusive.rawValue) }
        if let onFailure { object["on_fail"] = .string(onFailure.rawValue) }
        return .object(object)
    }
}

extension RolloutGates {
    init(fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["replay", "confirm"])
        self.init(
            replay: try fields.optionalFields("replay").map(ReplayGate.init(fields:)),
            confirm: try fields.optionalBool("confirm") ?? false
        )
    }

    var json: JSONValue {
        var object: JSONObject = [:]
        if let replay { object["replay"] = replay.json }
        if confirm { object["confirm"] = true }
        return .object(object)
    }
}

extension ReplayGate {
    init(fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["since", "minimum_rows", "minimum_agreement", "max_drop", "max_latency_ratio"])
        let standard = ReplayGate()
        self.init(
            since: try fields.optionalDuration("since") ?? standard.since,
            minimumRows: try fields.optionalInt("minimum_rows", in: 1...10_000_000).map { Int($0) }
                ?? standard.minimumRows,
            minimumAgreement: try fields.optionalDouble("minimum_agreement", in: 0...1),
            maximumDrop: try fields.optionalDouble("max_drop", in: 0...1) ?? standard.maximumDrop,
            maximumLatencyRatio: try fields.optionalDouble("max_latency_ratio", in: 0...1000)
        )
    }

    var json: JSONValue {
        var object: JSONObject = ["since": since.written, "minimum_rows": .int(minimumRows)]
        if let minimumAgreement { object["minimum_agreement"] = .number(minimumAgreement) }
        if let maximumDrop { object["max_drop"] = .number(maximumDrop) }
        if let maximumLatencyRatio { object["max_latency_ratio"] = .number(maximumLatencyRatio) }
        return .object(object)
    }
}

extension MetricComparison {
    init(fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["metric", "goal", "minimum_effect", "false_win_rate"])
        guard let metric = try fields.optionalChoice("metric", of: Metric.self) else {
            throw MartletError(.invalidArgument, "'\(fields.path(of: "metric"))' is missing.")
        }
        let goal = try fields.optionalString("goal")
        guard goal == nil || goal == "maximize" || goal == "minimize" else {
            throw fields.invalid("goal", "must be 'maximize' or 'minimize'")
        }
        self.init(
            metric: metric,
            isHigherBetter: goal.map { $0 == "maximize" },
            minimumEffect: try fields.optionalDouble("minimum_effect", in: 0...1e12) ?? 0,
            falseWinRate: try fields.optionalDouble("false_win_rate", in: 1e-6...0.5) ?? 0.05
        )
    }

    var json: JSONValue {
        [
            "metric": .string(metric.rawValue), "goal": .string(isHigherBetter ? "maximize" : "minimize"),
            "minimum_effect": .number(minimumEffect), "false_win_rate": .number(falseWinRate),
        ]
    }
}

extension JSONFields {
    /// One of the words of an enumeration; nil when absent.
    func optionalChoice<Choice: RawRepresentable & CaseIterable>(
        _ key: String,
        of type: Choice.Type
    ) throws(MartletError) -> Choice? where Choice.RawValue == String {
        guard let text = try optionalString(key) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let words = Choice.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            throw invalid(key, "must be one of \(words)")
        }
        return choice
    }

    func optionalInconclusivePolicy() throws(MartletError) -> InconclusivePolicy? {
        guard let text = try optionalString("on_inconclusive") else { return nil }
        guard let policy = InconclusivePolicy(rawValue: text) else {
            throw invalid("on_inconclusive", "must be 'hold' or 'rollback', or 'promote' to go on without a verdict")
        }
        return policy
    }
}

extension Duration {
    /// The duration as manifests write it.
    var written: JSONValue { .string("\(wholeMilliseconds)ms") }
}
