/// The named maxima of schedules.
package enum SchedulesLimits {
    /// Longest text of a cron line, in bytes.
    package static let cronBytes = 1024
    /// Longest name of a time zone, in bytes.
    package static let zoneBytes = 64
    /// Shortest interval of a schedule.
    package static let shortestInterval = Duration.seconds(1)
    /// Longest interval of a schedule.
    package static let longestInterval = Duration.seconds(3_660 * 86_400)
    /// The first moment that schedules name, in seconds since 1970.
    package static let firstSecond: Int64 = 0
    /// The first moment that schedules do not name any more, in seconds since 1970: the beginning of the year 2200.
    package static let endSecond: Int64 = 7_258_118_400
    /// Most times that are made up for at once.
    package static let caughtUp = 1000
    /// Times that are made up for when `catch_up: all` does not say how many.
    package static let defaultCaughtUp = 100
    /// How many missed times are counted one by one; more are said to be at least so many.
    package static let countedMisses = 1000
    /// How much later than its time a schedule without catch-up still fires.
    package static let grace = Duration.seconds(60)
    /// How far ahead of the clock a settled time may be before the clock that settled it is taken for wrong.
    package static let clockTolerance = Duration.seconds(86_400)
    /// Most runs of a backfill.
    package static let backfillRuns = 10_000
    /// Most times of a schedule that one backfill covers.
    package static let backfillTimes = 100_000
}
