package import Core
package import Schedules

/// When a monitor evaluates.
package enum MonitorSchedule: Sendable, Equatable {
    /// At most this often.
    case every(Duration)
    /// At the times that a cron line names on the clocks of a zone.
    case cron(CronSchedule)

    /// Reads `interval: 5s`, `schedule: 5s`, `schedule: "*/15 * * * *"` (in UTC) or `schedule: {cron: …, timezone: …}`.
    ///
    /// - Parameter fields: The monitor's section.
    /// - Throws: `invalidArgument` naming the key.
    init(_ fields: JSONFields) throws(MartletError) {
        if fields.value("interval") != nil, fields.value("schedule") != nil {
            throw fields.invalid("schedule", "and 'interval' are two names of one setting; give one")
        }
        let key = fields.value("schedule") != nil ? "schedule" : "interval"
        if key == "schedule", let text = fields.value(key)?.stringValue, text.contains(" ") || text.hasPrefix("@") {
            self = .cron(try Self.cron(text, zone: "UTC", path: fields.path(of: key)))
            return
        }
        if key == "schedule", fields.value(key)?.objectValue != nil {
            let members = try fields.fields(key)
            try members.rejectUnknown(["cron", "timezone"])
            let zone = try members.optionalString("timezone") ?? "UTC"
            self = .cron(try Self.cron(try members.string("cron"), zone: zone, path: members.path))
            return
        }
        let duration = try fields.optionalDuration(key) ?? .seconds(5)
        guard duration >= .milliseconds(100), duration <= .seconds(MonitoringLimits.intervalSeconds) else {
            throw fields.invalid(key, "must be between 100ms and 1d")
        }
        self = .every(duration)
    }

    private static func cron(_ text: String, zone: String, path: String) throws(MartletError) -> CronSchedule {
        do { return try CronSchedule(text, zone: zone) } catch {
            throw MartletError(error.code, "'\(path)': \(error.message)", cause: error)
        }
    }

    /// The schedule as specifications write it.
    var json: JSONValue {
        switch self {
        case .every(let duration): .number(duration / .seconds(1))
        case .cron(let cron):
            cron.zone == .utc
                ? .string(cron.expression.text)
                : ["cron": .string(cron.expression.text), "timezone": .string(cron.zone.name)]
        }
    }

    /// The times of a cron line with their zone, such as `*/15 * * * * UTC`; nil without one.
    package var cronText: String? {
        guard case .cron(let cron) = self else { return nil }
        return "\(cron.expression.text) \(cron.zone.name)"
    }

    /// When a monitor that was last looked at then is due again.
    package func due(after last: Timestamp) -> Timestamp {
        switch self {
        case .every(let duration): last + duration
        case .cron(let cron): cron.next(after: last) ?? Timestamp(milliseconds: .max)
        }
    }
}
