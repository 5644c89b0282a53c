package import Core
package import Schedules

/// When a trigger fires by itself: a value that knows the next time after any other, and which times have come.
package struct TriggerSchedule: Sendable, Equatable {
    /// The rhythm.
    package enum Rhythm: Sendable, Equatable {
        /// Again and again after this time.
        case every(Duration)
        /// At the times that a cron line names on the clocks of a zone.
        case cron(CronSchedule)
    }

    /// The rhythm.
    package let rhythm: Rhythm

    /// A schedule of that rhythm.
    package init(_ rhythm: Rhythm) {
        self.rhythm = rhythm
    }

    /// The schedule in words, such as `0 3 * * * Europe/Berlin` or `every 6h`.
    package var text: String {
        switch rhythm {
        case .every(let duration): "every \(Self.text(duration))"
        case .cron(let cron): "\(cron.expression.text) \(cron.zone.name)"
        }
    }

    /// Reads `"0 3 * * *"` (in UTC), `6h`, `{cron: …, timezone: …}` or `{every: 6h}`.
    init(_ value: JSONValue, path: String) throws(MartletError) {
        let holder = JSONFields(JSONObject([("schedule", value)]), path: path)
        if let text = value.stringValue, text.contains(" ") || text.hasPrefix("@") {
            self.init(.cron(try Self.cron(text, "UTC", holder, "schedule")))
            return
        }
        guard value.objectValue != nil else {
            self.init(.every(try Self.interval(holder, "schedule")))
            return
        }
        let fields = try holder.fields("schedule")
        try fields.rejectUnknown(["cron", "timezone", "every"])
        guard let text = try fields.optionalString("cron") else {
            if fields.value("timezone") != nil { throw fields.invalid("timezone", "goes with 'cron'") }
            self.init(.every(try Self.interval(fields, "every")))
            return
        }
        if fields.value("every") != nil { throw fields.invalid("every", "and 'cron' exclude each other") }
        let zone = try fields.optionalString("timezone") ?? "UTC"
        self.init(.cron(try Self.cron(text, zone, fields, "cron")))
    }

    private static func cron(
        _ text: String,
        _ zone: String,
        _ fields: JSONFields,
        _ key: String
    ) throws(MartletError) -> CronSchedule {
        func at<Value>(_ key: String, _ read: () throws(MartletError) -> Value) throws(MartletError) -> Value {
            do { return try read() } catch {
                throw MartletError(error.code, "'\(fields.path(of: key))': \(error.message)", cause: error)
            }
        }
        return CronSchedule(
            try at(key) { () throws(MartletError) in try CronExpression(text) },
            in: try at("timezone") { () throws(MartletError) in try ZoneClock(zone) }
        )
    }

    private static func interval(_ fields: JSONFields, _ key: String) throws(MartletError) -> Duration {
        guard let every = try fields.optionalDuration(key) else {
            throw MartletError(.invalidArgument, "'\(fields.path)' needs 'cron' or 'every'.")
        }
        guard every >= LoopLimits.shortestInterval, every <= .seconds(366 * 86_400) else {
            throw fields.invalid(key, "must be between 1s and 366d")
        }
        return every
    }

    private static func text(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        for (unit, length) in [("d", Int64(86_400)), ("h", 3_600), ("m", 60)] where seconds % length == 0 {
            return "\(seconds / length)\(unit)"
        }
        let isWhole = duration.wholeMilliseconds % 1000 == 0
        return isWhole ? "\(seconds)s" : "\(duration.inSeconds)s"
    }

    /// The first time after a moment; nil when there is none before the year 2200.
    package func next(after moment: Timestamp) -> Timestamp? {
        switch rhythm {
        case .every(let duration): moment + duration
        case .cron(let cron): cron.next(after: moment)
        }
    }

    /// What a look at the clock comes to.
    package struct Look: Sendable, Equatable {
        /// The time up to which the schedule is settled: to be stored together with the signal.
        package let settled: Timestamp
        /// The time that has come; the latest, when several have.
        package let due: Timestamp?
        /// How many came before it without anybody looking.
        package let missed: Int

        /// Makes a look.
        package init(settled: Timestamp, due: Timestamp?, missed: Int) {
            self.settled = settled
            self.due = due
            self.missed = missed
        }
    }

    /// Looks at the clock: each time that the schedule names is due in exactly one look, whenever that is.
    ///
    /// Times that came while nobody looked are one: the latest, which says how many were missed. A clock that goes back
    /// makes nothing due again, since `settled` stays; only when it goes back by more than
    /// `LoopLimits.clockTolerance`, the time that was settled is taken for an error of the clock and forgotten.
    ///
    /// - Parameters:
    ///   - settled: What the last look came to, or when the schedule was declared.
    ///   - now: The time.
    /// - Returns: What is due, and what to remember.
    package func look(settled: Timestamp, now: Timestamp) -> Look {
        guard settled <= now + LoopLimits.clockTolerance else { return Look(settled: now, due: nil, missed: 0) }
        guard let first = next(after: settled), first <= now else { return Look(settled: settled, due: nil, missed: 0) }
        switch rhythm {
        case .every(let duration):
            let length = max(1, duration.wholeMilliseconds)
            let count = (now.milliseconds - settled.milliseconds) / length
            let due = Timestamp(milliseconds: settled.milliseconds + count * length)
            return Look(settled: due, due: due, missed: Int(clamping: count - 1))
        case .cron(let cron):
            let due = cron.previous(before: now + .milliseconds(1)) ?? first
            // Nobody needs to know more exactly how many there were.
            let passed = Timetable.cron(cron)
                .count(after: settled, through: due, limit: LoopLimits.maximumCountedMisses + 1)
            return Look(settled: due, due: due, missed: passed - 1)
        }
    }
}
