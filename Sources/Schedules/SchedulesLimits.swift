/// The named maxima of schedules.
package enum SchedulesLimits {
    /// Longest text of a cron line, in bytes.
    package static let cronBytes = 1024
}
