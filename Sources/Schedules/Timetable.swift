package import Core

/// The times at which something is to happen by itself.
package enum Timetable: Sendable, Equatable {
    /// At the times that a cron line names on the clocks of a zone.
    case cron(CronSchedule)
    /// Again and again after the same time.
    case interval(IntervalSchedule)

    /// The times in words, such as `0 3 * * * Europe/Berlin` or `every 6h`.
    package var text: String {
        switch self {
        case .cron(let cron): "\(cron.expression.text) \(cron.zone.name)"
        case .interval(let interval): "every \(IntervalSchedule.text(interval.every))"
        }
    }

    /// Whose days the times belong to.
    package var zone: ZoneClock {
        switch self {
        case .cron(let cron): cron.zone
        case .interval: .utc
        }
    }

    /// The first time after a moment; nil when there is none before the year 2200.
    package func next(after moment: Timestamp) -> Timestamp? {
        switch self {
        case .cron(let cron): cron.next(after: moment)
        case .interval(let interval): interval.next(after: moment)
        }
    }

    /// The last time before a moment; nil when there is none since 1970.
    package func previous(before moment: Timestamp) -> Timestamp? {
        switch self {
        case .cron(let cron): cron.previous(before: moment)
        case .interval(let interval): interval.previous(before: moment)
        }
    }

    /// The times from one moment through another, the earliest first.
    ///
    /// - Parameters:
    ///   - first: The first moment that is meant.
    ///   - last: The last that is meant.
    ///   - limit: How many at most.
    /// - Returns: The times.
    package func times(from first: Timestamp, through last: Timestamp, limit: Int) -> [Timestamp] {
        var found: [Timestamp] = []
        var moment = first - .milliseconds(1)
        while found.count < limit, let next = next(after: moment), next <= last {
            found.append(next)
            moment = next
        }
        return found
    }

    /// How many times there are after a moment and up to another, counted up to a limit.
    package func count(after first: Timestamp, through last: Timestamp, limit: Int) -> Int {
        switch self {
        case .interval(let interval):
            return Int(min(Int64(limit), interval.count(after: first, through: last)))
        case .cron:
            var (count, moment) = (0, first)
            while count < limit, let next = next(after: moment), next <= last { (count, moment) = (count + 1, next) }
            return count
        }
    }
}
