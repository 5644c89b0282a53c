import Core
import Schedules
import Testing

/// `2026-03-29T01:00` of universal time.
func moment(_ text: String) throws -> Timestamp {
    try #require(MomentText.parse(text, in: .utc), "\(text)")
}

/// The next times after a moment, to the minute, in universal time.
func next(_ line: String, _ zone: String = "UTC", after text: String, count: Int = 3) throws -> [String] {
    let cron = try CronSchedule(line, zone: zone)
    var found: [String] = []
    var moment = try moment(text)
    while found.count < count, let next = cron.next(after: moment) {
        found.append(String(next.iso8601.prefix(16)))
        moment = next
    }
    return found
}

/// The last times before a moment, the latest first.
func previous(_ line: String, _ zone: String = "UTC", before text: String, count: Int = 3) throws -> [String] {
    let cron = try CronSchedule(line, zone: zone)
    var found: [String] = []
    var moment = try moment(text)
    while found.count < count, let previous = cron.previous(before: moment) {
        found.append(String(previous.iso8601.prefix(16)))
        moment = previous
    }
    return found
}
