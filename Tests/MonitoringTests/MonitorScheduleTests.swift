import Core
import Monitoring
import Testing

/// When monitors evaluate: after a time, or at the times of a cron line.
struct MonitorScheduleTests {
    static func schedule(_ value: JSONValue) throws -> MonitorSchedule {
        let fields: JSONObject = ["deployment": "cancer", "schedule": value]
        return try MonitorSpec(name: "drift", JSONFields(fields)).schedule
    }

    @Test func cronLinesMayHaveAZone() throws {
        // 2026-05-01T00:00Z.
        let start = Timestamp(milliseconds: 1_777_593_600_000)
        let plain = try Self.schedule("0 3 * * *")
        #expect(plain.due(after: start).iso8601 == "2026-05-01T03:00:00.000Z" && plain.cronText == "0 3 * * * UTC")
        let berlin = try Self.schedule(["cron": "0 3 * * *", "timezone": "Europe/Berlin"])
        #expect(berlin.due(after: start).iso8601 == "2026-05-01T01:00:00.000Z")
        #expect(try Self.schedule("@hourly").due(after: start) == start + .seconds(3600))
        #expect(try Self.schedule("5s").cronText == nil)
    }

    @Test(arguments: [
        ("* * * *", "'schedule': The cron line"), ("60 * * * *", "The minute '60'"), ("0 0 31 2 *", "never comes"),
        ("@never", "names no times"), ("2d", "between 100ms and 1d"),
    ])
    func refusesWhatIsNone(text: String, reason: String) throws {
        let error = #expect(throws: MartletError.self) { try Self.schedule(.string(text)) }
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test func refusesUnknownZonesAndKeys() throws {
        for wrong: JSONValue in [
            ["cron": "0 3 * * *", "timezone": "Mars/Olympus"], ["cron": "0 3 * * *", "zone": "UTC"],
            ["timezone": "UTC"],
        ] { #expect(throws: MartletError.self, "\(wrong)") { try Self.schedule(wrong) } }
    }
}
