import Core
import Schedules

/// Reads what makes a trigger fire: the value of one key of its declaration.
struct TriggerKindReader {
    let fields: JSONFields
    let key: String

    func kind() throws(MartletError) -> TriggerKind {
        switch key {
        case "cron": .schedule(try cron())
        case "interval": .schedule(try interval())
        case "dataset": .event(try dataset())
        case "model": .event(try model())
        case "drift": .event(try drift())
        case "event": .event(try event())
        case "webhook": .webhook(try webhook())
        default: try manual()
        }
    }

    /// The declaration's members; a plain text or number is the one that `short` names.
    private func members(_ short: String, _ known: [String]) throws(MartletError) -> JSONFields {
        guard let value = fields.value(key), value.objectValue == nil else {
            let members = try fields.fields(key)
            try members.rejectUnknown([short] + known)
            return members
        }
        return JSONFields(JSONObject([(short, value)]), path: fields.path(of: key))
    }

    // MARK: - Times

    private func cron() throws(MartletError) -> TriggerTimes {
        let members = try members("expression", ["timezone", "catch_up", "start", "end"])
        let zone = try Self.naming(members, "timezone") { () throws(MartletError) in
            try ZoneClock(try members.optionalString("timezone") ?? "UTC")
        }
        let expression = try Self.naming(members, "expression") { () throws(MartletError) in
            try CronExpression(try members.string("expression"))
        }
        return try times(.cron(CronSchedule(expression, in: zone)), members)
    }

    private func interval() throws(MartletError) -> TriggerTimes {
        let members = try members("every", ["anchor", "catch_up", "start", "end"])
        guard let every = try members.optionalDuration("every") else {
            throw MartletError(
                .invalidArgument,
                "'\(members.path(of: "every"))' is missing; write a duration such as 6h."
            )
        }
        let anchor = try Self.moment(members, "anchor", in: .utc)
        let interval = try Self.naming(members, "every") { () throws(MartletError) in
            try IntervalSchedule(every: every, anchor: anchor ?? Timestamp(milliseconds: 0))
        }
        return try times(.interval(interval), members)
    }

    private func times(_ timetable: Timetable, _ members: JSONFields) throws(MartletError) -> TriggerTimes {
        let times = TriggerTimes(
            timetable: timetable,
            catchUp: try CatchUp(members, "catch_up"),
            start: try Self.moment(members, "start", in: timetable.zone),
            end: try Self.moment(members, "end", in: timetable.zone)
        )
        if let start = times.start, let end = times.end, end < start {
            throw members.invalid("end", "must not be before 'start'")
        }
        return times
    }

    /// A date on the clocks of a zone, or a time with its offset.
    private static func moment(
        _ members: JSONFields,
        _ key: String,
        in zone: ZoneClock
    ) throws(MartletError) -> Timestamp? {
        guard let text = try members.optionalString(key) else { return nil }
        guard let moment = MomentText.parse(text, in: zone) else {
            throw members.invalid(key, "must be a date such as 2026-05-01 or a time such as 2026-05-01T03:00:00Z")
        }
        return moment
    }

    /// Says where a value stands that something else found wrong.
    private static func naming<Value>(
        _ members: JSONFields,
        _ key: String,
        _ read: () throws(MartletError) -> Value
    ) throws(MartletError) -> Value {
        do {
            return try read()
        } catch {
            let place = members.path(of: key)
            throw error.message.hasPrefix("'\(place)'")
                ? error : MartletError(error.code, "'\(place)': \(error.message)", cause: error)
        }
    }

    // MARK: - Events

    private func dataset() throws(MartletError) -> EventCondition {
        let members = try members("name", [])
        return EventCondition(
            noun: .dataset,
            types: ["martlet.dataset.updated"],
            subject: "datasets/\(try Self.name(members, "name"))",
            data: [:]
        )
    }

    private func model() throws(MartletError) -> EventCondition {
        let members = try members("name", ["alias", "on"])
        let name = try Self.name(members, "name")
        let types = [
            "alias_moved": "martlet.alias.moved", "alias_deleted": "martlet.alias.deleted",
            "version_created": "martlet.version.created",
        ]
        let alias = members.value("alias") == nil ? nil : try Self.name(members, "alias")
        let word = try members.optionalString("on") ?? (alias == nil ? "version_created" : "alias_moved")
        guard let type = types[word] else {
            throw members.invalid("on", "must be one of \(types.keys.sorted().joined(separator: ", "))")
        }
        if alias != nil, word == "version_created" {
            throw members.invalid("alias", "does not go with 'on: version_created'; a new version has no alias yet")
        }
        let place = word == "version_created" ? "versions/*" : "aliases/\(alias ?? "*")"
        return EventCondition(noun: .model, types: [type], subject: "models/\(name)/\(place)", data: [:])
    }

    private func drift() throws(MartletError) -> EventCondition {
        let members = try members("monitor", ["deployment", "on"])
        let words = ["drift", "warning", "recovered"]
        let word = try members.optionalString("on") ?? "drift"
        guard words.contains(word) else {
            throw members.invalid("on", "must be one of \(words.joined(separator: ", "))")
        }
        var subject: String?
        var data: [String: String] = [:]
        switch (members.value("monitor"), members.value("deployment")) {
        case (.some, nil): subject = "monitors/\(try Self.name(members, "monitor"))"
        case (nil, .some): data["deployment"] = try Self.name(members, "deployment")
        default:
            throw MartletError(.invalidArgument, "'\(members.path)' must name either 'monitor' or 'deployment'.")
        }
        return EventCondition(noun: .drift, types: ["martlet.monitor.\(word)"], subject: subject, data: data)
    }

    private func event() throws(MartletError) -> EventCondition {
        let members = try members("types", ["subject", "data"])
        var types = [members.value("types")?.stringValue].compactMap(\.self)
        if types.isEmpty { types = try members.strings("types") }
        guard (1...TriggerLimits.eventTypes).contains(types.count) else {
            throw members.invalid("types", "must name 1 to \(TriggerLimits.eventTypes) types of events")
        }
        for type in types { try Self.require(pattern: type, members, "types") }
        let subject = try members.optionalString("subject")
        if let subject { try Self.require(pattern: subject, members, "subject") }
        var data: [String: String] = [:]
        for (key, value) in (try members.optionalObject("data") ?? [:]).pairs {
            guard data.count < TriggerLimits.eventTypes else {
                throw members.invalid("data", "may have at most \(TriggerLimits.eventTypes) members")
            }
            data[key] = value.stringValue ?? value.description
        }
        return EventCondition(noun: .event, types: types, subject: subject, data: data)
    }

    private static func require(pattern: String, _ members: JSONFields, _ key: String) throws(MartletError) {
        guard (2...TriggerLimits.nameBytes).contains(pattern.utf8.count), !pattern.dropLast().contains("*") else {
            throw members.invalid(key, "must be whole, or a beginning with a star at its end")
        }
    }

    private static func name(_ members: JSONFields, _ key: String) throws(MartletError) -> String {
        let text = try members.string(key)
        guard (1...TriggerLimits.nameBytes).contains(text.utf8.count), !text.contains("*") else {
            throw members.invalid(key, "must be a name of 1 to \(TriggerLimits.nameBytes) bytes")
        }
        return text
    }

    // MARK: - Callers

    private func webhook() throws(MartletError) -> WebhookRule {
        let members = try members("secret", ["scheme", "per_minute"])
        let word = try members.optionalString("scheme") ?? WebhookRule.Scheme.signature.rawValue
        guard let scheme = WebhookRule.Scheme(rawValue: word) else {
            let known = WebhookRule.Scheme.allCases.map(\.rawValue).joined(separator: ", ")
            throw members.invalid("scheme", "must be one of \(known)")
        }
        let rate = try members.optionalInt("per_minute", in: 1...TriggerLimits.highestRate)
        return WebhookRule(
            secret: try Self.name(members, "secret"),
            scheme: scheme,
            perMinute: Int(rate ?? TriggerLimits.defaultRate)
        )
    }

    private func manual() throws(MartletError) -> TriggerKind {
        guard try fields.optionalBool("manual") == true else { throw fields.invalid("manual", "must be true") }
        return .manual
    }
}
