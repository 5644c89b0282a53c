import Core
import Schedules
import Testing

/// What cron lines do where clocks are set: every local time once, whatever the clocks do.
struct ClockChangeTests {
    @Test func aZoneHasItsOwnMorning() throws {
        #expect(try next("30 8 * * *", "Asia/Kolkata", after: "2026-01-01T00:00", count: 1) == ["2026-01-01T03:00"])
        #expect(try next("0 12 * * *", "Asia/Kathmandu", after: "2026-01-01T00:00", count: 1) == ["2026-01-01T06:15"])
        #expect(
            try next("0 23 * * *", "America/New_York", after: "2026-01-01T00:00", count: 2)
                == ["2026-01-01T04:00", "2026-01-02T04:00"]
        )
        #expect(
            try next("0 0 1 1 *", "Pacific/Kiritimati", after: "2025-12-01T00:00", count: 1) == ["2025-12-31T10:00"]
        )
    }

    /// Berlin, 2026-03-29: 02:00 is followed by 03:00 at 01:00 UTC.
    @Test func inAGapATimeComesOnceAtItsEnd() throws {
        #expect(
            try next("30 2 * * *", "Europe/Berlin", after: "2026-03-28T00:00")
                == ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"]
        )
        #expect(
            try previous("30 2 * * *", "Europe/Berlin", before: "2026-03-30T12:00")
                == ["2026-03-30T00:30", "2026-03-29T01:00", "2026-03-28T01:30"]
        )
        #expect(
            try next("0,30 2,3 * * *", "Europe/Berlin", after: "2026-03-28T12:00")
                == ["2026-03-29T01:00", "2026-03-29T01:30", "2026-03-30T00:00"],
            "02:00, 02:30 and 03:00 are one moment"
        )
    }

    /// Berlin, 2026-10-25: 03:00 is followed by 02:00 at 01:00 UTC.
    @Test func aRepeatedTimeComesOnce() throws {
        #expect(
            try next("30 2 * * *", "Europe/Berlin", after: "2026-10-24T12:00")
                == ["2026-10-25T00:30", "2026-10-26T01:30", "2026-10-27T01:30"]
        )
        #expect(
            try next("*/30 1-3 * * *", "Europe/Berlin", after: "2026-10-24T22:59", count: 7)
                == [
                    "2026-10-24T23:00", "2026-10-24T23:30", "2026-10-25T00:00", "2026-10-25T00:30", "2026-10-25T02:00",
                    "2026-10-25T02:30", "2026-10-26T00:00",
                ]
        )
        // In the second pass of the hour its times have been.
        #expect(try next("45 2 * * *", "Europe/Berlin", after: "2026-10-25T01:10", count: 1) == ["2026-10-26T01:45"])
        #expect(
            try previous("45 2 * * *", "Europe/Berlin", before: "2026-10-25T01:50", count: 1) == ["2026-10-25T00:45"]
        )
    }

    @Test func anOpenHourCountsElapsedTime() throws {
        #expect(
            try next("0 * * * *", "Europe/Berlin", after: "2026-10-24T23:30", count: 4)
                == ["2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00", "2026-10-25T03:00"]
        )
        #expect(
            try next("0 0-23 * * *", "Europe/Berlin", after: "2026-10-24T23:30", count: 3)
                == ["2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00"],
            "every hour is every hour"
        )
        #expect(
            try next("*/30 * * * *", "Europe/Berlin", after: "2026-03-29T00:00", count: 4)
                == ["2026-03-29T00:30", "2026-03-29T01:00", "2026-03-29T01:30", "2026-03-29T02:00"]
        )
        #expect(
            try next("15 */2 * * *", "Europe/Berlin", after: "2026-10-24T22:30", count: 3)
                == ["2026-10-25T00:15", "2026-10-25T01:15", "2026-10-25T03:15"],
            "a quarter past two comes twice"
        )
        #expect(
            try previous("0 * * * *", "Europe/Berlin", before: "2026-10-25T02:30")
                == ["2026-10-25T02:00", "2026-10-25T01:00", "2026-10-25T00:00"]
        )
    }

    /// Lord Howe sets its clocks by half an hour: 02:00 to 02:30 on 2026-10-04, 02:00 to 01:30 on 2026-04-05.
    @Test func halfAnHourIsAGap() throws {
        #expect(
            try next("15 2 * * *", "Australia/Lord_Howe", after: "2026-10-02T18:00", count: 2)
                == ["2026-10-03T15:30", "2026-10-04T15:15"],
            "a quarter past two does not exist on the 4th"
        )
        #expect(
            try next("45 1 * * *", "Australia/Lord_Howe", after: "2026-04-04T00:00", count: 2)
                == ["2026-04-04T14:45", "2026-04-05T15:15"]
        )
        #expect(
            try next("45 * * * *", "Australia/Lord_Howe", after: "2026-04-04T14:00", count: 3)
                == ["2026-04-04T14:45", "2026-04-04T15:15", "2026-04-04T16:15"],
            "a quarter to two comes twice, half an hour apart"
        )
    }

    /// Samoa left out 2011-12-30 altogether: its clocks went from -10 to +14 hours at midnight.
    @Test func aDayThatWasLeftOutIsAGap() throws {
        #expect(
            try next("0 12 * * *", "Pacific/Apia", after: "2011-12-29T00:00", count: 3)
                == ["2011-12-29T22:00", "2011-12-30T10:00", "2011-12-30T22:00"],
            "noon of the 30th comes when the 31st begins"
        )
        #expect(
            try next("0 0,6,12,18 30 12 *", "Pacific/Apia", after: "2011-01-01T00:00", count: 2)
                == ["2011-12-30T10:00", "2012-12-29T10:00"],
            "four times of that day are one moment"
        )
        #expect(try next("0 */6 30 12 *", "Pacific/Apia", after: "2011-01-01T00:00", count: 1) == ["2012-12-29T10:00"])
        #expect(
            try previous("0 12 * * *", "Pacific/Apia", before: "2011-12-31T00:00", count: 3)
                == ["2011-12-30T22:00", "2011-12-30T10:00", "2011-12-29T22:00"]
        )
        let zone = try ZoneClock("Pacific/Apia")
        let leftOut = try #require(CivilDate("2011-12-30"))
        #expect(zone.start(of: leftOut).iso8601 == "2011-12-30T10:00:00.000Z")
        #expect(zone.date(at: zone.start(of: leftOut)).text == "2011-12-31")
    }

    /// For two years, in zones of every kind, each local day has exactly one noon and one half past two.
    @Test(arguments: [
        "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns",
        "Pacific/Chatham", "Africa/Casablanca", "Antarctica/Troll", "Europe/Dublin", "America/Sao_Paulo", "Asia/Gaza",
    ])
    func everyDayHasEachTimeOnce(_ zone: String) throws {
        for text in ["0 12 * * *", "30 2 * * *"] {
            let times = Timetable.cron(try CronSchedule(text, zone: zone))
                .times(from: try moment("2026-01-01T00:00"), through: try moment("2027-12-31T23:59"), limit: 1000)
            #expect(abs(times.count - 730) <= 1)
            for (earlier, later) in zip(times, times.dropFirst()) {
                // 26 hours and more, or 22 and less, would be a day lost or doubled.
                #expect(later - earlier <= .seconds(26 * 3_600) && later - earlier >= .seconds(22 * 3_600))
            }
        }
    }

    @Test func zonesAreKnownOrRefused() throws {
        for name in ["", "Berlin", "europe/berlin ", "../etc/passwd", "GMT+25:00", "Mars/Olympus", "Europe/Berlin\0"] {
            #expect(throws: MartletError.self, "\(name)") { try ZoneClock(name) }
        }
        let long = "A/" + String(repeating: "a", count: SchedulesLimits.zoneBytes)
        #expect(throws: MartletError.self) { try ZoneClock(long) }
        let error = #expect(throws: MartletError.self) { try ZoneClock("Europe/Berln") }
        #expect(error?.message.contains("did you mean 'Europe/Berlin'?") == true)
        #expect(try ZoneClock("US/Eastern").offset(at: try moment("2026-07-01T00:00")) == -4 * 3600)
    }

    @Test func momentsAreShownOnTheirClocks() throws {
        let zone = try ZoneClock("Asia/Kathmandu")
        let time = try moment("2026-05-01T18:30")
        #expect(zone.text(of: time) == "2026-05-02T00:15:00+05:45")
        #expect(zone.date(at: time).text == "2026-05-02")
        #expect(try ZoneClock("America/St_Johns").text(of: time) == "2026-05-01T16:00:00-02:30")
        #expect(MomentText.parse("2026-05-02", in: zone) == (try moment("2026-05-01T18:15")))
        #expect(MomentText.parse("2026-05-02T00:15", in: zone) == time)
        #expect(MomentText.parse("2026-05-01T20:30:00+02:00", in: zone) == time)
        for text in ["2026-02-30", "2026-13-01", "1969-12-31", "2200-01-01", "2026-05-01T24:00", "2026-05-01X", "x"] {
            #expect(MomentText.parse(text, in: .utc) == nil, "\(text)")
        }
    }
}
