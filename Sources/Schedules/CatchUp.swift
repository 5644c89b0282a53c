package import Core

/// What becomes of times that came while nobody looked at the clock.
package enum CatchUp: Sendable, Equatable {
    /// They are lost, but for the latest when it is no older than `SchedulesLimits.grace`.
    case none
    /// The latest is made up for.
    case last
    /// Each is made up for, of more than so many the latest.
    case all(limit: Int)

    /// Reads `none`, `last`, `all` or `{all: 50}`; `last` when absent.
    ///
    /// - Parameters:
    ///   - fields: Where it stands.
    ///   - key: Its key.
    /// - Throws: `invalidArgument` naming the key.
    package init(_ fields: JSONFields, _ key: String) throws(MartletError) {
        switch fields.value(key) {
        case nil, .string("last"): self = .last
        case .string("none"): self = .none
        case .string("all"): self = .all(limit: SchedulesLimits.defaultCaughtUp)
        case .object:
            let limits = try fields.fields(key)
            try limits.rejectUnknown(["all"])
            self = .all(limit: Int(try limits.int("all", in: 1...Int64(SchedulesLimits.caughtUp))))
        default: throw fields.invalid(key, "must be none, last, all or {all: 50}")
        }
    }

    /// The rule as configurations write it.
    package var json: JSONValue {
        switch self {
        case .none: "none"
        case .last: "last"
        case .all(let limit): ["all": .int(limit)]
        }
    }
}

/// What a look at the clock comes to.
package struct DueTimes: Sendable, Equatable {
    /// The time up to which everything is decided: to be stored together with what is done about it.
    package let settled: Timestamp
    /// The times that are to be acted on, the earliest first.
    package let due: [Timestamp]
    /// How many came and are not acted on; at most `SchedulesLimits.countedMisses` are counted.
    package let dropped: Int

    /// Says what a look comes to.
    package init(settled: Timestamp, due: [Timestamp], dropped: Int) {
        self.settled = settled
        self.due = due
        self.dropped = dropped
    }
}

extension Timetable {
    /// Looks at the clock: each time is due in at most one look, whenever that is.
    ///
    /// A clock that goes back makes nothing due again, since `settled` stays; only when that is more than
    /// `SchedulesLimits.clockTolerance` ahead, the clock that settled it was wrong, and it is forgotten.
    ///
    /// - Parameters:
    ///   - settled: What the last look that found something came to, or when the timetable was declared.
    ///   - looked: When somebody last looked, without a break since; nil after a restart. Times since then are no missed ones.
    ///   - now: The time.
    ///   - rule: What becomes of missed times.
    /// - Returns: What is due, and what to remember.
    package func due(settled: Timestamp, looked: Timestamp?, now: Timestamp, rule: CatchUp) -> DueTimes {
        guard settled <= now + SchedulesLimits.clockTolerance else {
            return DueTimes(settled: now, due: [], dropped: 0)
        }
        guard let first = next(after: settled), first <= now else {
            return DueTimes(settled: settled, due: [], dropped: 0)
        }
        var limit = SchedulesLimits.caughtUp
        var earliest = first
        switch rule {
        case .all(let most): limit = min(limit, most)
        case .none, .last:
            // Looks that follow each other miss nothing; what came before the first of them was missed.
            let isSteady = looked.map { $0 <= now && now - $0 <= SchedulesLimits.grace } ?? false
            earliest = max(first, isSteady ? (looked ?? now) + .milliseconds(1) : now + .milliseconds(1))
        }
        var (due, moment) = ([Timestamp](), now + .milliseconds(1))
        while due.count < limit, let time = previous(before: moment), time >= earliest {
            due.append(time)
            moment = time
        }
        guard let latest = due.first ?? previous(before: moment) else {
            return DueTimes(settled: settled, due: [], dropped: 0)
        }
        if due.isEmpty, rule == .last || now - latest <= SchedulesLimits.grace { due = [latest] }
        let passed = count(after: settled, through: latest, limit: due.count + SchedulesLimits.countedMisses)
        return DueTimes(settled: latest, due: due.reversed(), dropped: passed - due.count)
    }
}
