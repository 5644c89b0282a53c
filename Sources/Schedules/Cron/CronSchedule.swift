package import Core

/// A cron line on the clocks of a time zone.
///
/// Where clocks are set forward, a time that does not exist comes at the first moment after the gap. Where they are set
/// back, a time that exists twice comes the first time only. A line whose hour begins with `*`, or names every hour, counts
/// elapsed time: it comes at each matching moment, in a repeated hour as well, and not at all in a gap.
package struct CronSchedule: Sendable, Equatable {
    /// The line.
    package let expression: CronExpression
    /// Whose clocks it is read by.
    package let zone: ZoneClock

    /// A line on the clocks of a zone.
    package init(_ expression: CronExpression, in zone: ZoneClock) {
        self.expression = expression
        self.zone = zone
    }

    /// Reads a line and a zone.
    ///
    /// - Parameters:
    ///   - text: The cron line.
    ///   - zone: The zone's name.
    /// - Throws: `invalidArgument` saying what is wrong with either.
    package init(_ text: String, zone: String = "UTC") throws(MartletError) {
        self.init(try CronExpression(text), in: try ZoneClock(zone))
    }

    /// The first time after a moment; nil when there is none before the year 2200.
    package func next(after moment: Timestamp) -> Timestamp? {
        let second = ZoneClock.second(of: moment)
        guard second < SchedulesLimits.endSecond else { return nil }
        let found = expression.isElapsed ? nextElapsed(after: second) : nextOnce(after: second)
        guard let found, found < SchedulesLimits.endSecond else { return nil }
        return Timestamp(milliseconds: found * 1000)
    }

    /// The last time before a moment; nil when there is none since 1970.
    package func previous(before moment: Timestamp) -> Timestamp? {
        // The last whole second before it.
        let second = min(ZoneClock.second(of: moment - .milliseconds(1)), SchedulesLimits.endSecond - 1)
        let found = expression.isElapsed ? previousElapsed(through: second) : previousOnce(through: second)
        guard let found, found >= SchedulesLimits.firstSecond else { return nil }
        return Timestamp(milliseconds: found * 1000)
    }

    // MARK: - Every local time once

    /// Local times before this have been shown or skipped by a moment and the second that begins with it.
    private func shown(through second: Int64) -> Int64 {
        let (now, before) = zone.periods(at: second)
        // Clocks that were set back show again what they had shown.
        return max(second + now.offset + 1, before.map { now.start + $0.offset } ?? .min)
    }

    private func nextOnce(after second: Int64) -> Int64? {
        let from = shown(through: second)
        return expression.minute(atOrAfter: -ZoneClock.floorDivide(-from, 60)).map { zone.firstMoment(local: $0 * 60) }
    }

    private func previousOnce(through second: Int64) -> Int64? {
        let last = shown(through: second) - 1
        return expression.minute(atOrBefore: ZoneClock.floorDivide(last, 60)).map { zone.firstMoment(local: $0 * 60) }
    }

    // MARK: - Every matching moment

    private func nextElapsed(after second: Int64) -> Int64? {
        var (from, period) = (second + 1, zone.periods(at: second + 1).now)
        while from < SchedulesLimits.endSecond {
            let local = from + period.offset
            guard let minute = expression.minute(atOrAfter: -ZoneClock.floorDivide(-local, 60)) else { return nil }
            let found = minute * 60 - period.offset
            if found < period.end { return found }
            // Nothing matches before that local time, except what clocks show again that are set back within a day or two.
            from = period.end > second + 172_800 ? max(period.end, found - 172_800) : period.end
            period = zone.periods(at: from).now
        }
        return nil
    }

    private func previousElapsed(through second: Int64) -> Int64? {
        var (through, period) = (second, zone.periods(at: second).now)
        while through >= SchedulesLimits.firstSecond {
            let local = through + period.offset
            guard let minute = expression.minute(atOrBefore: ZoneClock.floorDivide(local, 60)) else { return nil }
            let found = minute * 60 - period.offset
            if found >= period.start { return found }
            through = period.start < second - 172_800 ? min(period.start - 1, found + 172_800) : period.start - 1
            period = zone.periods(at: through).now
        }
        return nil
    }
}
