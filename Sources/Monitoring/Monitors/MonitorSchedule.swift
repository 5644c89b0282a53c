package import Core

/// When a monitor evaluates.
package enum MonitorSchedule: Sendable, Equatable {
    /// At most this often.
    case every(Duration)
    /// At the minutes that a cron line names, in UTC.
    case cron(CronSchedule)

    /// Reads `interval: 5s`, `schedule: 5s` or `schedule: "*/15 * * * *"`.
    ///
    /// - Parameter fields: The monitor's section.
    /// - Throws: `invalidArgument` naming the key.
    init(_ fields: JSONFields) throws(MartletError) {
        if fields.value("interval") != nil, fields.value("schedule") != nil {
            throw fields.invalid("schedule", "and 'interval' are two names of one setting; give one")
        }
        let key = fields.value("schedule") != nil ? "schedule" : "interval"
        if key == "schedule", let text = fields.value(key)?.stringValue, text.contains(" ") {
            guard let cron = CronSchedule(text) else {
                throw fields.invalid(key, "must be a duration or five cron fields such as '*/15 * * * *', in UTC")
            }
            self = .cron(cron)
            return
        }
        let duration = try fields.optionalDuration(key) ?? .seconds(5)
        guard duration >= .milliseconds(100), duration <= .seconds(MonitoringLimits.intervalSeconds) else {
            throw fields.invalid(key, "must be between 100ms and 1d")
        }
        self = .every(duration)
    }

    /// The schedule as specifications write it.
    var json: JSONValue {
        switch self {
        case .every(let duration): .number(duration / .seconds(1))
        case .cron(let cron): .string(cron.text)
        }
    }

    /// When a monitor that was last looked at then is due again.
    package func due(after last: Timestamp) -> Timestamp {
        switch self {
        case .every(let duration): last + duration
        case .cron(let cron): cron.next(after: last) ?? Timestamp(milliseconds: .max)
        }
    }
}
