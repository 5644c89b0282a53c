import Core
import Schedules
import Testing

/// Intervals, catching up, and what a look at the clock makes due.
struct TimetableTests {
    static func interval(_ every: Duration, _ anchor: String = "1970-01-01") throws -> Timetable {
        .interval(try IntervalSchedule(every: every, anchor: try moment(anchor)))
    }

    @Test func intervalsCountFromTheirAnchor() throws {
        let table = try Self.interval(.seconds(21_600), "2026-05-01T01:00")
        #expect(table.next(after: try moment("2026-04-01")) == (try moment("2026-05-01T01:00")))
        #expect(table.next(after: try moment("2026-05-01T01:00")) == (try moment("2026-05-01T07:00")))
        #expect(table.next(after: try moment("2026-05-03T12:59:59")) == (try moment("2026-05-03T13:00")))
        #expect(table.previous(before: try moment("2026-05-01T07:00")) == (try moment("2026-05-01T01:00")))
        #expect(table.previous(before: try moment("2026-05-01T07:00:01")) == (try moment("2026-05-01T07:00")))
        #expect(table.previous(before: try moment("2026-05-01T01:00")) == nil)
        #expect(table.text == "every 6h")
        let last = Timestamp(milliseconds: SchedulesLimits.endSecond * 1000 - 1)
        #expect(table.next(after: last) == nil)
        #expect(try CronSchedule("* * * * *").next(after: last) == nil)
        #expect(
            try CronSchedule("* * * * *").previous(before: Timestamp(milliseconds: SchedulesLimits.firstSecond)) == nil
        )
        #expect(try CronSchedule("* * * * *").next(after: Timestamp(milliseconds: .max)) == nil)
        #expect(try CronSchedule("0 0 * * *").next(after: Timestamp(milliseconds: .min)) == (try moment("1970-01-01")))
        #expect(
            try CronSchedule("0 0 * * *").previous(before: Timestamp(milliseconds: .max)) == (try moment("2199-12-31"))
        )
    }

    @Test func intervalsHaveBounds() throws {
        _ = try Self.interval(SchedulesLimits.shortestInterval)
        _ = try Self.interval(SchedulesLimits.longestInterval)
        for wrong in [
            Duration.zero, SchedulesLimits.shortestInterval - .milliseconds(1),
            SchedulesLimits.longestInterval + .seconds(1),
        ] {
            #expect(throws: MartletError.self) { try Self.interval(wrong) }
        }
        #expect(throws: MartletError.self) {
            try IntervalSchedule(every: .seconds(60), anchor: Timestamp(milliseconds: -1))
        }
    }

    @Test func timesBetweenTwoMomentsIncludeBoth() throws {
        let table = Timetable.cron(try CronSchedule("0 3 * * *"))
        let times = table.times(
            from: try moment("2026-05-01T03:00"),
            through: try moment("2026-05-03T03:00"),
            limit: 10
        )
        #expect(times.map { String($0.iso8601.prefix(10)) } == ["2026-05-01", "2026-05-02", "2026-05-03"])
        #expect(table.times(from: try moment("2026-05-01"), through: try moment("2026-06-01"), limit: 5).count == 5)
        #expect(
            table.count(after: try moment("2026-05-01T03:00"), through: try moment("2026-05-11T03:00"), limit: 99) == 10
        )
        #expect(table.count(after: try moment("2026-05-01"), through: try moment("2027-05-01"), limit: 20) == 20)
    }

    /// Every time of a schedule is due in exactly one look, however looks fall.
    @Test(arguments: 0..<40)
    func eachTimeIsDueOnce(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let table =
            seed.isMultiple(of: 2)
            ? Timetable.cron(try CronSchedule("*/15 * * * *", zone: "Europe/Berlin")) : try Self.interval(.seconds(900))
        let start = try moment("2026-10-24T12:00")
        var (now, settled, farthest) = (start, start, start)
        var seen: Set<Timestamp> = []
        for _ in 0..<300 {
            // Mostly forward by up to half an hour, sometimes back by up to two hours.
            let back = random.index(below: 10) == 0
            let step = Int64(random.index(below: back ? 7_200_000 : 1_800_000))
            now = back ? now - .milliseconds(step) : now + .milliseconds(step)
            farthest = max(farthest, now)
            let look = table.due(settled: settled, looked: nil, now: now, rule: .all(limit: 50))
            for time in look.due {
                #expect(time <= now && time > settled)
                #expect(seen.insert(time).inserted)
            }
            #expect(look.settled >= settled && look.dropped == 0)
            settled = look.settled
        }
        #expect(seen.count == table.count(after: start, through: farthest, limit: 100_000))
    }

    @Test func missedTimesFollowTheRule() throws {
        let table = try Self.interval(.seconds(60))
        let (start, now) = (try moment("2026-05-01T00:00"), try moment("2026-05-01T01:00:30"))
        func look(_ rule: CatchUp, looked: Timestamp? = nil, now: Timestamp = now) -> DueTimes {
            table.due(settled: start, looked: looked, now: now, rule: rule)
        }
        let last = try moment("2026-05-01T01:00")
        #expect(look(.last) == DueTimes(settled: last, due: [last], dropped: 59))
        #expect(look(.none) == DueTimes(settled: last, due: [last], dropped: 59), "half a minute late is not missed")
        let all = look(.all(limit: 3))
        #expect(all.due == [last - .seconds(120), last - .seconds(60), last] && all.dropped == 57)
        #expect(look(.all(limit: 60)).dropped == 0)
        // With a slower table the latest is older than the grace.
        let hourly = try Self.interval(.seconds(3600))
        let late = last + SchedulesLimits.grace + .milliseconds(1)
        #expect(
            hourly.due(settled: start, looked: nil, now: late, rule: .none)
                == DueTimes(settled: last, due: [], dropped: 1)
        )
        #expect(hourly.due(settled: start, looked: nil, now: late, rule: .last).due == [last])
        #expect(hourly.due(settled: start, looked: nil, now: last + SchedulesLimits.grace, rule: .none).due == [last])
    }

    /// A look that comes a little late finds more than one time; none of them was missed.
    @Test func looksThatFollowEachOtherMissNothing() throws {
        let table = try Self.interval(.seconds(1))
        let start = try moment("2026-05-01T00:00")
        for rule in [CatchUp.none, .last, .all(limit: 100)] {
            let look = table.due(settled: start, looked: start, now: start + .milliseconds(3_200), rule: rule)
            #expect(look.due.count == 3 && look.dropped == 0, "\(rule)")
        }
        let afterABreak = table.due(
            settled: start,
            looked: start,
            now: start + SchedulesLimits.grace + .seconds(5),
            rule: .last
        )
        #expect(afterABreak.due.count == 1 && afterABreak.dropped == 64)
    }

    @Test func aClockThatWasFarAheadIsForgotten() throws {
        let table = try Self.interval(.seconds(3600))
        let start = try moment("2026-05-01T00:00")
        let tolerated = start + SchedulesLimits.clockTolerance
        #expect(
            table.due(settled: tolerated, looked: nil, now: start, rule: .last)
                == DueTimes(settled: tolerated, due: [], dropped: 0)
        )
        #expect(
            table.due(settled: tolerated + .milliseconds(1), looked: nil, now: start, rule: .last)
                == DueTimes(settled: start, due: [], dropped: 0)
        )
    }

    @Test func aJumpOfYearsIsBounded() throws {
        let table = Timetable.cron(try CronSchedule("* * * * *", zone: "America/New_York"))
        let start = try moment("2026-05-01T00:00")
        let look = table.due(
            settled: start,
            looked: start,
            now: try moment("2046-05-01T00:00"),
            rule: .all(limit: SchedulesLimits.caughtUp)
        )
        #expect(look.due.count == SchedulesLimits.caughtUp && look.dropped == SchedulesLimits.countedMisses)
        #expect(look.due.last == look.settled)
    }

    @Test func catchUpIsReadFromConfigurations() throws {
        func read(_ value: JSONValue) throws -> CatchUp {
            try CatchUp(JSONFields(JSONObject([("catch_up", value)])), "catch_up")
        }
        #expect(try read(.null) == .last && read("last") == .last && read("none") == CatchUp.none)
        #expect(try read("all") == .all(limit: SchedulesLimits.defaultCaughtUp))
        #expect(try read(["all": .int(SchedulesLimits.caughtUp)]) == .all(limit: SchedulesLimits.caughtUp))
        for wrong: JSONValue in [
            "some", 3, ["all": 0], ["all": .int(SchedulesLimits.caughtUp + 1)], ["most": 3], [:], true,
        ] { #expect(throws: MartletError.self, "\(wrong)") { try read(wrong) } }
    }
}
