import Core
import Loop
import Testing

/// What a look at the clock makes due.
struct TriggerScheduleTests {
    /// 2026-05-01T00:00Z.
    static let start = Timestamp(milliseconds: 1_777_593_600_000)

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

    @Test func cronLinesAndZonesAreThoseOfSchedules() throws {
        let berlin = try Self.schedule(["cron": "@daily", "timezone": "Europe/Berlin"])
        #expect(berlin.text == "@daily Europe/Berlin")
        #expect(berlin.next(after: Self.start)?.iso8601 == "2026-05-01T22:00:00.000Z")
        #expect(try Self.schedule("@hourly").next(after: Self.start) == Self.start + .seconds(3600))
        for (wrong, reason): (JSONValue, String) in [
            ("0 0 30 2 *", "'triggers.t.when.schedule': The cron line"), ("61 0 * * *", "The minute '61'"),
            (["cron": "0 3 * * *", "timezone": "Europe/Berln"], "'triggers.t.when.schedule.timezone'"),
        ] {
            let error = #expect(throws: MartletError.self) { try Self.schedule(wrong) }
            #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
        }
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
