import Core
import Loop
import Testing

/// Cron lines on the clocks of time zones: every local time once, whatever the clocks do.
struct CronLineTests {
    static func moment(_ text: String) -> Timestamp {
        // 2026-03-29T01:00 as minutes since 1970, by counting days.
        let parts = text.split(whereSeparator: { !$0.isNumber }).compactMap { Int64($0) }
        let (year, month, day) = (parts[0], parts[1], parts[2])
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let ofEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + dayOfYear - 719_468
        return Timestamp(milliseconds: (days * 86_400 + parts[3] * 3_600 + parts[4] * 60) * 1000)
    }

    static func next(_ line: String, _ zone: String, after text: String, count: Int = 3) throws -> [String] {
        let line = try #require(CronLine(line))
        let clock = try #require(WallClock(zone))
        var found: [String] = []
        var moment = moment(text)
        for _ in 0..<count {
            guard let next = line.next(after: moment, in: clock) else { break }
            found.append(String(next.iso8601.prefix(16)))
            moment = next
        }
        return found
    }

    @Test func plainTimesInUTC() throws {
        #expect(
            try Self.next("0 3 * * *", "UTC", after: "2026-01-01T03:00")
                == ["2026-01-02T03:00", "2026-01-03T03:00", "2026-01-04T03:00"]
        )
        #expect(
            try Self.next("*/20 9-10 * * 1-5", "UTC", after: "2026-01-02T10:30", count: 2)
                == ["2026-01-02T10:40", "2026-01-05T09:00"]
        )
        #expect(try Self.next("0 0 29 2 *", "UTC", after: "2097-01-01T00:00", count: 1) == ["2104-02-29T00:00"])
        #expect(
            try Self.next("0 0 13 * 5", "UTC", after: "2026-02-10T00:00")
                == ["2026-02-13T00:00", "2026-02-20T00:00", "2026-02-27T00:00"],
            "either day will do"
        )
    }

    @Test func aZoneHasItsOwnMorning() throws {
        #expect(
            try Self.next("30 8 * * *", "Asia/Kolkata", after: "2026-01-01T00:00", count: 1) == ["2026-01-01T03:00"]
        )
        #expect(
            try Self.next("0 23 * * *", "America/New_York", after: "2026-01-01T00:00", count: 2)
                == ["2026-01-01T04:00", "2026-01-02T04:00"]
        )
        #expect(
            try Self.next("0 0 1 1 *", "Pacific/Kiritimati", after: "2025-12-01T00:00", count: 1) == [
                "2025-12-31T10:00"
            ]
        )
    }

    /// Berlin, 2026-03-29: 02:00 is followed by 03:00 at 01:00 UTC.
    @Test func inAGapATimeComesOnceAtItsEnd() throws {
        #expect(
            try Self.next("30 2 * * *", "Europe/Berlin", after: "2026-03-28T00:00")
                == ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"]
        )
        #expect(
            try Self.next("0,30 2,3 * * *", "Europe/Berlin", after: "2026-03-28T12:00", count: 3)
                == ["2026-03-29T01:00", "2026-03-29T01:30", "2026-03-30T00:00"],
            "02:00, 02:30 and 03:00 are one moment"
        )
    }

    /// Berlin, 2026-10-25: 03:00 is followed by 02:00 at 01:00 UTC.
    @Test func aRepeatedTimeComesOnce() throws {
        #expect(
            try Self.next("30 2 * * *", "Europe/Berlin", after: "2026-10-24T12:00")
                == ["2026-10-25T00:30", "2026-10-26T01:30", "2026-10-27T01:30"]
        )
    }

    @Test func anOpenHourCountsElapsedTime() throws {
        #expect(
            try Self.next("0 * * * *", "Europe/Berlin", after: "2026-10-24T23:30", count: 4)
                == ["2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00", "2026-10-25T03:00"]
        )
        #expect(
            try Self.next("*/30 * * * *", "Europe/Berlin", after: "2026-03-29T00:00", count: 4)
                == ["2026-03-29T00:30", "2026-03-29T01:00", "2026-03-29T01:30", "2026-03-29T02:00"]
        )
    }

    /// For two years, in zones of every kind, each local day has exactly one noon and one half past two.
    @Test(arguments: [
        "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns",
        "Pacific/Chatham", "Africa/Casablanca",
    ])
    func everyDayHasEachTimeOnce(_ zone: String) throws {
        let clock = try #require(WallClock(zone))
        for text in ["0 12 * * *", "30 2 * * *"] {
            let line = try #require(CronLine(text))
            var moment = Self.moment("2026-01-01T00:00")
            let end = Self.moment("2028-01-01T00:00")
            var count = 0
            while let next = line.next(after: moment, in: clock), next < end {
                #expect(next > moment)
                // 30 hours and more, or 18 and less, would be a day lost or doubled.
                if count > 0 { #expect(next - moment <= .seconds(26 * 3_600) && next - moment >= .seconds(22 * 3_600)) }
                moment = next
                count += 1
            }
            #expect(abs(count - 730) <= 1)
        }
    }

    @Test(arguments: [
        "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "5-1 * * * *",
        "a * * * *", "*/0 * * * *", "1,,2 * * * *", "0 0 31 2 *", "0 0 30 2 *", "1-2-3 * * * *", "*/99999 * * * *",
    ])
    func whatIsNoLine(_ text: String) {
        #expect(CronLine(text) == nil)
    }

    @Test func linesAndZonesAreBounded() {
        let many = (0..<LoopLimits.maximumScheduleBytes).map { _ in "1" }.joined(separator: ",")
        #expect(CronLine("\(many) * * * *") == nil)
        for name in ["", "Berlin", "europe/berlin ", "../etc/passwd", "GMT+25:00", "Mars/Olympus"] {
            #expect(WallClock(name) == nil, "\(name)")
        }
    }
}

/// What a look at the clock makes due.
struct TriggerScheduleTests {
    static let start = CronLineTests.moment("2026-05-01T00:00")

    static func schedule(_ definition: JSONValue) throws -> TriggerSchedule {
        let spec = try TriggerSpec(
            name: "t",
            definition: [
                "when": ["schedule": definition], "pipeline": "p", "gate": ["metric": "a"], "model": "m", "alias": "a",
            ]
        )
        guard case .schedule(let schedule)? = spec.conditions.first else {
            throw MartletError(.internal, "no schedule")
        }
        return schedule
    }

    /// Every time of a schedule is due in exactly one look, however looks fall.
    @Test(arguments: 0..<50)
    func eachTimeIsDueOnce(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let schedule = try Self.schedule(seed.isMultiple(of: 2) ? "*/15 * * * *" : ["every": "15m"])
        var (now, settled) = (Self.start, Self.start)
        var farthest = now
        var due = 0
        for _ in 0..<400 {
            // Mostly forward by up to half an hour, sometimes back by up to two hours.
            let back = random.index(below: 10) == 0
            let step = Int64(random.index(below: back ? 7_200_000 : 1_800_000))
            now = back ? now - .milliseconds(step) : now + .milliseconds(step)
            farthest = max(farthest, now)
            let look = schedule.look(settled: settled, now: now)
            if let time = look.due {
                #expect(time <= now && time > settled)
                due += 1 + look.missed
            }
            #expect(look.settled >= settled)
            settled = look.settled
        }
        let expected = (farthest - Self.start).wholeMilliseconds / 900_000
        #expect(Int64(due) == expected)
    }

    @Test func timesThatNobodyLookedAtAreOne() throws {
        let schedule = try Self.schedule(["cron": "0 3 * * *", "timezone": "Europe/Berlin"])
        let look = schedule.look(settled: Self.start, now: Self.start + .seconds(3 * 86_400))
        #expect(look.due?.iso8601 == "2026-05-03T01:00:00.000Z")
        #expect(look.missed == 2)
        let every = try Self.schedule("6h").look(settled: Self.start, now: Self.start + .seconds(100_000))
        #expect(every.due == Self.start + .seconds(4 * 21_600) && every.missed == 3)
    }

    @Test func aClockThatWasFarAheadIsForgotten() throws {
        let schedule = try Self.schedule("1h")
        let tolerated = Self.start + LoopLimits.clockTolerance
        #expect(schedule.look(settled: tolerated, now: Self.start) == .init(settled: tolerated, due: nil, missed: 0))
        let wrong = tolerated + .milliseconds(1)
        #expect(schedule.look(settled: wrong, now: Self.start) == .init(settled: Self.start, due: nil, missed: 0))
    }

    @Test func manyMissesAreCountedUpToALimit() throws {
        let schedule = try Self.schedule("* * * * *")
        let later = Self.start + .seconds(60 * Int64(LoopLimits.maximumCountedMisses + 500))
        let look = schedule.look(settled: Self.start, now: later)
        #expect(look.settled == later && look.missed == LoopLimits.maximumCountedMisses)
        let short = Self.start + .seconds(60 * Int64(LoopLimits.maximumCountedMisses))
        #expect(schedule.look(settled: Self.start, now: short).missed == LoopLimits.maximumCountedMisses - 1)
    }
}
