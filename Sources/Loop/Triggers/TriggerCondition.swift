import Core

/// One reason for which a trigger fires.
package enum TriggerCondition: Sendable, Equatable {
    /// A monitor's verdict becomes drift.
    case drift(monitor: String)
    /// A monitor finds that predictions got worse: its detector `performance` speaks for the verdict.
    case quality(monitor: String)
    /// The last checks of a dataset failed.
    case checks(dataset: String)
    /// A time has come.
    case schedule(TriggerSchedule)
    /// A dataset has another version with at least so many more rows.
    case data(dataset: String, rows: Int64)
    /// Somebody moved an alias.
    case alias(model: String, alias: String)
    /// Another system calls, with a signature under a named secret that is at most `window` old.
    case webhook(secret: String, window: Duration)

    /// Names the condition among those of its trigger, for what is remembered of it.
    package var source: String {
        switch self {
        case .drift(let monitor): "monitor:\(monitor)"
        case .quality(let monitor): "quality:\(monitor)"
        case .checks(let dataset): "checks:\(dataset)"
        case .schedule(let schedule): "schedule:\(schedule.text)"
        case .data(let dataset, _): "data:\(dataset)"
        case .alias(let model, let alias): "alias:\(model)@\(alias)"
        case .webhook: "webhook"
        }
    }

    /// Reads `when:`, an object with one key for each condition, or a list of such objects.
    static func all(_ fields: JSONFields) throws(MartletError) -> [TriggerCondition] {
        guard let value = fields.value("when") else { return [] }
        let path = fields.path(of: "when")
        var sections: [JSONFields] = []
        if let list = value.arrayValue {
            for (position, entry) in list.enumerated() {
                sections.append(try JSONFields(entry, path: "\(path)[\(position)]"))
            }
        } else {
            sections = [try JSONFields(value, path: path)]
        }
        var conditions: [TriggerCondition] = []
        for section in sections { conditions += try read(section) }
        guard (1...LoopLimits.maximumConditions).contains(conditions.count) else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' has \(conditions.count) conditions; a trigger has 1 to \(LoopLimits.maximumConditions), or no "
                    + "'when' to be fired by hand only."
            )
        }
        var seen: Set<String> = []
        for condition in conditions where !seen.insert(condition.source).inserted {
            throw MartletError(.invalidArgument, "'\(path)' names the condition '\(condition.source)' twice.")
        }
        return conditions
    }

    private static func read(_ fields: JSONFields) throws(MartletError) -> [TriggerCondition] {
        try fields.rejectUnknown(["monitor", "quality", "schedule", "every", "data", "alias", "webhook"])
        var found: [TriggerCondition] = []
        if fields.value("monitor") != nil { found.append(.drift(monitor: try name(fields, "monitor"))) }
        if fields.value("quality") != nil { found.append(try quality(fields)) }
        if let schedule = fields.value("schedule") {
            found.append(.schedule(try TriggerSchedule(schedule, path: fields.path)))
        }
        if let every = fields.value("every") {
            let object: JSONValue = ["every": every]
            found.append(.schedule(try TriggerSchedule(object, path: fields.path)))
        }
        if fields.value("data") != nil { found.append(try data(fields)) }
        if fields.value("alias") != nil {
            let alias = try fields.fields("alias")
            try alias.rejectUnknown(["model", "alias"])
            found.append(.alias(model: try name(alias, "model"), alias: try name(alias, "alias")))
        }
        if fields.value("webhook") != nil { found.append(try webhook(fields)) }
        return found
    }

    private static func quality(_ fields: JSONFields) throws(MartletError) -> TriggerCondition {
        guard fields.value("quality")?.objectValue != nil else { return .quality(monitor: try name(fields, "quality")) }
        let quality = try fields.fields("quality")
        try quality.rejectUnknown(["monitor", "data"])
        switch (quality.value("monitor"), quality.value("data")) {
        case (.some, nil): return .quality(monitor: try name(quality, "monitor"))
        case (nil, .some): return .checks(dataset: try name(quality, "data"))
        default:
            throw MartletError(.invalidArgument, "'\(quality.path)' must name either 'monitor' or 'data'.")
        }
    }

    private static func data(_ fields: JSONFields) throws(MartletError) -> TriggerCondition {
        guard fields.value("data")?.objectValue != nil else { return .data(dataset: try name(fields, "data"), rows: 0) }
        let data = try fields.fields("data")
        try data.rejectUnknown(["dataset", "rows"])
        return .data(
            dataset: try name(data, "dataset"),
            rows: try data.optionalInt("rows", in: 0...1_000_000_000_000) ?? 0
        )
    }

    private static func webhook(_ fields: JSONFields) throws(MartletError) -> TriggerCondition {
        let webhook = try fields.fields("webhook")
        try webhook.rejectUnknown(["secret", "window"])
        let window = try webhook.optionalDuration("window") ?? LoopLimits.webhookWindow
        guard window >= .seconds(1), window <= LoopLimits.longestWebhookWindow else {
            throw webhook.invalid("window", "must be between 1s and 1h")
        }
        return .webhook(secret: try name(webhook, "secret"), window: window)
    }

    private static func name(_ fields: JSONFields, _ key: String) throws(MartletError) -> String {
        let text = try fields.string(key)
        guard !text.isEmpty, text.utf8.count <= LoopLimits.maximumNameBytes else {
            throw fields.invalid(key, "must have 1 to \(LoopLimits.maximumNameBytes) bytes")
        }
        return text
    }
}
