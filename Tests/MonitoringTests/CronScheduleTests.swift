import Core
import Testing

import Monitoring

struct CronScheduleTests {
    private static func at(_ text: String) throws -> Timestamp {
        let parts = text.split(whereSeparator: { "-T: ".contains($0) }).compactMap { Int64($0) }
        let (year, month, day) = (parts[0], parts[1], parts[2])
        // Days from civil, the inverse of what the schedule computes.
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        return Timestamp(milliseconds: ((days * 24 + parts[3]) * 60 + parts[4]) * 60_000)
    }

    @Test(arguments: [
        ("* * * * *", "2026-11-22 10:00", "2026-11-22 10:01"),
        ("*/15 * * * *", "2026-11-22 10:07", "2026-11-22 10:15"),
        ("*/15 * * * *", "2026-11-22 10:45", "2026-11-22 11:00"),
        ("0 3 * * *", "2026-11-22 03:00", "2026-11-23 03:00"),
        ("30 2 1 * *", "2026-11-22 03:00", "2026-12-01 02:30"),
        ("0 0 29 2 *", "2026-11-22 03:00", "2028-02-29 00:00"),
        ("0 9 * * 1-5", "2026-11-20 09:00", "2026-11-23 09:00"),
        ("0 9 * * 7", "2026-11-20 09:00", "2026-11-22 09:00"),
        ("0 0 13 * 5", "2026-11-08 00:00", "2026-11-13 00:00"),
        ("5,50-59/3 23 31 12 *", "2026-12-31 23:05", "2026-12-31 23:50"),
        ("10/20 * * * *", "2026-11-22 10:31", "2026-11-22 10:50"),
    ])
    func namesTheNextMinute(line: String, now: String, next: String) throws {
        let schedule = try #require(CronSchedule(line))
        #expect(schedule.next(after: try Self.at(now)) == (try Self.at(next)))
    }

    @Test(arguments: [
        "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "a * * * *",
        "5-1 * * * *", "*/0 * * * *", "1,,2 * * * *", "-1 * * * *", "0 0 31 2 *", "1/2/3 * * * *",
    ])
    func refusesWhatIsNone(line: String) {
        #expect(CronSchedule(line) == nil)
    }

    @Test func linesHaveALimit() {
        let many = [String](repeating: "1", count: (MonitoringLimits.scheduleBytes - 8) / 2).joined(separator: ",")
        let line = many + " * * * *"
        #expect(line.utf8.count <= MonitoringLimits.scheduleBytes)
        #expect(CronSchedule(line) != nil)
        #expect(CronSchedule(many + ",1,1,1,1,1 * * * *") == nil)
    }
}
