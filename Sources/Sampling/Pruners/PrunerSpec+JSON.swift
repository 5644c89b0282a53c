package import Core

extension PrunerSpec {
    /// Reads a pruner: `{"type": "median", …}`; the names of its numbers are Optuna's.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package static func parse(_ fields: JSONFields, depth: Int = 0) throws(MartletError) -> PrunerSpec {
        let type = try fields.string("type")
        switch type {
        case "none":
            try fields.rejectUnknown(["type"])
            return .none
        case "median", "percentile": return .percentile(try percentile(fields, type))
        case "asha", "successive_halving": return .halving(try halving(fields))
        case "hyperband": return .hyperband(try hyperband(fields))
        case "patient":
            try fields.rejectUnknown(["type", "patience", "min_delta", "pruner"])
            guard depth < 4 else { throw fields.invalid("pruner", "is nested too deep") }
            let inner = try fields.optionalFields("pruner")
            return .patient(
                try inner.map { fields throws(MartletError) in try parse(fields, depth: depth + 1) } ?? .none,
                patience: Int(try fields.int("patience", in: 0...1_000_000)),
                minimumGain: try positive(fields, "min_delta") ?? 0
            )
        case "threshold": return .threshold(try threshold(fields))
        default:
            throw fields.invalid("type", "must be none, median, percentile, asha, hyperband, patient or threshold")
        }
    }

    private static func percentile(_ fields: JSONFields, _ type: String) throws(MartletError) -> Percentile {
        var allowed = ["type", "n_startup_trials", "n_warmup_steps", "interval_steps", "n_min_trials"]
        if type == "percentile" { allowed.append("percentile") }
        try fields.rejectUnknown(allowed)
        var rule = Percentile()
        if type == "percentile" {
            rule.percentile = try fields.double("percentile")
            guard (0...100).contains(rule.percentile) else {
                throw fields.invalid("percentile", "must lie between 0 and 100")
            }
        }
        rule.startupTrials = try count(fields, "n_startup_trials") ?? rule.startupTrials
        rule.warmupSteps = try count(fields, "n_warmup_steps") ?? rule.warmupSteps
        rule.interval = try count(fields, "interval_steps", from: 1) ?? rule.interval
        rule.minimumTrials = try count(fields, "n_min_trials", from: 1) ?? rule.minimumTrials
        return rule
    }

    private static func halving(_ fields: JSONFields) throws(MartletError) -> Halving {
        try fields.rejectUnknown([
            "type", "min_resource", "reduction_factor", "min_early_stopping_rate", "bootstrap_count",
        ])
        var rule = Halving()
        rule.minimumResource = try count(fields, "min_resource", from: 1)
        rule.reduction = try count(fields, "reduction_factor", from: 2) ?? rule.reduction
        rule.skippedRungs = try count(fields, "min_early_stopping_rate") ?? rule.skippedRungs
        rule.bootstrap = try count(fields, "bootstrap_count") ?? rule.bootstrap
        return rule
    }

    private static func hyperband(_ fields: JSONFields) throws(MartletError) -> Hyperband {
        try fields.rejectUnknown(["type", "min_resource", "max_resource", "reduction_factor", "bootstrap_count"])
        var rule = Hyperband()
        rule.minimumResource = try count(fields, "min_resource", from: 1) ?? rule.minimumResource
        rule.maximumResource = try count(fields, "max_resource", from: 1)
        rule.reduction = try count(fields, "reduction_factor", from: 2) ?? rule.reduction
        rule.bootstrap = try count(fields, "bootstrap_count") ?? rule.bootstrap
        if let most = rule.maximumResource, most < rule.minimumResource {
            throw fields.invalid("max_resource", "must not be below min_resource")
        }
        return rule
    }

    private static func threshold(_ fields: JSONFields) throws(MartletError) -> Threshold {
        try fields.rejectUnknown(["type", "lower", "upper", "n_warmup_steps", "interval_steps"])
        var rule = Threshold()
        rule.lower = try fields.optionalDouble("lower") ?? rule.lower
        rule.upper = try fields.optionalDouble("upper") ?? rule.upper
        guard rule.lower.isFinite || rule.upper.isFinite, rule.lower <= rule.upper else {
            throw fields.invalid("lower", "or 'upper' must be given, and must not be above 'upper'")
        }
        rule.warmupSteps = try count(fields, "n_warmup_steps") ?? rule.warmupSteps
        rule.interval = try count(fields, "interval_steps", from: 1) ?? rule.interval
        return rule
    }

    private static func count(_ fields: JSONFields, _ key: String, from least: Int64 = 0) throws(MartletError) -> Int? {
        try fields.optionalInt(key, in: least...1_000_000_000).map(Int.init)
    }

    private static func positive(_ fields: JSONFields, _ key: String) throws(MartletError) -> Double? {
        guard let value = try fields.optionalDouble(key) else { return nil }
        guard value.isFinite, value >= 0 else { throw fields.invalid(key, "must be a number of at least 0") }
        return value
    }

    /// The pruner as `parse` reads it.
    package var json: JSONObject {
        switch self {
        case .none: return ["type": "none"]
        case .percentile(let rule):
            return [
                "type": "percentile", "percentile": .number(rule.percentile),
                "n_startup_trials": .int(rule.startupTrials), "n_warmup_steps": .int(rule.warmupSteps),
                "interval_steps": .int(rule.interval), "n_min_trials": .int(rule.minimumTrials),
            ]
        case .halving(let rule):
            var fields: JSONObject = ["type": "asha"]
            if let least = rule.minimumResource { fields["min_resource"] = .int(least) }
            fields["reduction_factor"] = .int(rule.reduction)
            fields["min_early_stopping_rate"] = .int(rule.skippedRungs)
            fields["bootstrap_count"] = .int(rule.bootstrap)
            return fields
        case .hyperband(let rule):
            var fields: JSONObject = ["type": "hyperband", "min_resource": .int(rule.minimumResource)]
            if let most = rule.maximumResource { fields["max_resource"] = .int(most) }
            fields["reduction_factor"] = .int(rule.reduction)
            fields["bootstrap_count"] = .int(rule.bootstrap)
            return fields
        case .patient(let inner, let patience, let gain):
            var fields: JSONObject = ["type": "patient", "patience": .int(patience), "min_delta": .number(gain)]
            if inner != .none { fields["pruner"] = .object(inner.json) }
            return fields
        case .threshold(let rule):
            var fields: JSONObject = ["type": "threshold"]
            if rule.lower.isFinite { fields["lower"] = .number(rule.lower) }
            if rule.upper.isFinite { fields["upper"] = .number(rule.upper) }
            fields["n_warmup_steps"] = .int(rule.warmupSteps)
            fields["interval_steps"] = .int(rule.interval)
            return fields
        }
    }
}
