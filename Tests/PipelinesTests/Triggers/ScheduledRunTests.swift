import Core
import HTTPSupport
import Pipelines
import Storage
import TestSupport
import Testing

/// Schedules start runs: each time once, whatever servers and clocks do.
@Suite(.overEveryDatabase)
struct ScheduledRunTests {
    static let minutely: JSONValue = ["m": ["cron": "* * * * *", "parameters": ["x": "${trigger.time}"]]]

    @Test func everyTimeStartsOneRun() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare(Self.minutely)
        let service = fixture.service()
        await service.tick()
        #expect(try await fixture.runs().isEmpty, "a schedule begins when it is declared")
        for _ in 0..<3 {
            fixture.advance(.seconds(20))
            await service.tick()
            await service.tick()
            fixture.advance(.seconds(40))
            await service.tick()
        }
        #expect(try await fixture.values() == [today("00:01"), today("00:02"), today("00:03")])
        let run = try #require(try await fixture.runs().last)
        #expect(run.trigger == "m: 2026-05-01T00:03:00.000Z" && run.cause.kind == .schedule && run.cause.trigger == "m")
        #expect(run.time?.iso8601 == "2026-05-01T00:03:00.000Z")
    }

    @Test func aRestartMissesNothingAndRepeatsNothing() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare([
            "m": ["cron": ["expression": "* * * * *", "catch_up": "all"], "parameters": ["x": "${trigger.time}"]]
        ])
        await fixture.service().tick()
        for minutes in [1, 3, 0, 2] {
            fixture.advance(.seconds(60 * minutes))
            // A new process each time, some of which find nothing to do.
            await fixture.service().tick()
        }
        #expect(try await fixture.values() == (1...6).map { today("00:0\($0)") })
    }

    @Test func missedTimesFollowTheRule() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare([
            "none": [
                "cron": ["expression": "0 * * * *", "catch_up": "none"], "parameters": ["x": "none ${trigger.time}"],
            ],
            "last": ["cron": "*/10 * * * *", "parameters": ["x": "last ${trigger.time}"]],
            "some": [
                "interval": ["every": "10m", "catch_up": ["all": 2]], "parameters": ["x": "some ${trigger.time}"],
            ],
        ])
        await fixture.service().tick()
        fixture.advance(.seconds(6_000))
        await fixture.service().tick()
        #expect(
            try await fixture.values().sorted() == [
                "last \(today("01:40"))", "some \(today("01:30"))", "some \(today("01:40"))",
            ]
        )
        let views = try await fixture.service().triggers()
        #expect(views.map(\.record.trigger.name) == ["last", "none", "some"])
        #expect(views.map(\.record.missed) == [9, 1, 8])
    }

    /// A second server that does not know that it no longer leads looks at the same time.
    @Test func twoServersStartOneRun() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare(Self.minutely)
        let (one, two) = (fixture.service(), fixture.service())
        await one.tick()
        await two.tick()
        for _ in 0..<4 {
            fixture.advance(.seconds(60))
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await one.tick() }
                group.addTask { await two.tick() }
            }
        }
        #expect(try await fixture.values() == (1...4).map { today("00:0\($0)") })
    }

    @Test func aClockThatGoesBackRepeatsNothing() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare(Self.minutely)
        let service = fixture.service()
        await service.tick()
        fixture.advance(.seconds(300))
        await service.tick()
        let before = try await fixture.values()
        // By an hour, in steps that pass the same times again.
        fixture.advance(.seconds(-3_600))
        for _ in 0..<30 {
            await service.tick()
            fixture.advance(.seconds(60))
        }
        #expect(try await fixture.values() == before)
        // By more than a day: the clock was wrong before. What it fired for stays answered.
        fixture.advance(.seconds(-3 * 86_400))
        await service.tick()
        fixture.advance(.seconds(60))
        await service.tick()
        #expect(try await fixture.values().count == before.count + 1)
        fixture.advance(.seconds(3 * 86_400))
        await fixture.service().tick()
        let all = try await fixture.values()
        #expect(Set(all).count == all.count)
    }

    @Test func aClockThatJumpsForwardFollowsTheRule() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare(Self.minutely)
        let service = fixture.service()
        await service.tick()
        fixture.advance(.seconds(60))
        await service.tick()
        fixture.advance(.seconds(365 * 86_400))
        await service.tick()
        #expect(try await fixture.values() == [today("00:01"), "2027-05-01T00:01:00Z"], "the latest stands for all")
    }

    @Test func aPausedScheduleLetsTimesPass() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare(Self.minutely)
        let service = fixture.service()
        await service.tick()
        try await service.pause("p", "m", by: "alice")
        fixture.advance(.seconds(300))
        await service.tick()
        let paused = try await service.trigger("p", "m")
        #expect(paused.record.pausedBy == "alice" && paused.record.next == nil)
        #expect(try await fixture.runs().isEmpty)
        // By hand it fires all the same.
        let run = try await service.fire("p", "m", by: "bob")
        #expect(run.trigger == "m: fired by bob" && run.cause.kind == .manual)
        try await service.resume("p", "m", by: "alice")
        await service.tick()
        #expect(try await fixture.runs().count == 1, "what passed is over")
        fixture.advance(.seconds(60))
        await service.tick()
        #expect(try await fixture.runs().count == 2)
        try await service.pause("p", "m", by: "alice")
        fixture.advance(.seconds(300))
        try await service.resume("p", "m", catchesUp: true, by: "alice")
        await service.tick()
        #expect(try await fixture.runs().count == 3, "the latest is made up for")
        await #expect(throws: MartletError.self) { try await service.pause("p", "other", by: "alice") }
    }

    @Test func declarationsTakeEffectWhereTheyChange() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare(["m": ["cron": "0 * * * *"]])
        let service = fixture.service()
        await service.tick()
        // Another timetable counts from now on: nothing of the past is missed.
        fixture.advance(.seconds(600))
        try await fixture.declare(["m": ["cron": "* * * * *"]])
        await service.tick()
        #expect(try await fixture.runs().isEmpty)
        // Other parameters leave the timetable where it is.
        fixture.advance(.seconds(60))
        try await fixture.declare(["m": ["cron": "* * * * *", "parameters": ["x": "new"]]])
        await service.tick()
        #expect(try await fixture.values() == ["new"])
        try await fixture.declare(["other": ["manual": true]])
        fixture.advance(.seconds(600))
        await service.tick()
        #expect(try await fixture.runs().count == 1)
        #expect(try await service.triggers().map(\.record.trigger.name) == ["other"])
    }

    @Test func startAndEndBoundASchedule() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare([
            "m": [
                "interval": [
                    "every": "1m", "start": .string(today("00:03")), "end": .string(today("00:05")), "catch_up": "all",
                ],
                "parameters": ["x": "${trigger.time}"],
            ]
        ])
        let service = fixture.service()
        for _ in 0..<9 {
            await service.tick()
            fixture.advance(.seconds(60))
        }
        #expect(try await fixture.values() == (3...5).map { today("00:0\($0)") })
        #expect(try await service.trigger("p", "m").record.next == nil)
    }

    @Test func aStartInThePastIsCaughtUpWith() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare([
            "m": [
                "cron": ["expression": "@daily", "start": "2026-04-28", "catch_up": "all"],
                "parameters": ["x": "${trigger.date}"],
            ]
        ])
        await fixture.service().tick()
        #expect(try await fixture.values() == ["2026-04-28", "2026-04-29", "2026-04-30", "2026-05-01"])
    }

    /// A run that can never be started is recorded, once, and does not stop the schedule.
    @Test func whatCannotStartIsRecorded() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare(
            ["m": ["cron": "* * * * *", "parameters": ["x": ["${trigger.time}"]]]]
        )
        let service = fixture.service()
        await service.tick()
        for _ in 0..<2 {
            fixture.advance(.seconds(60))
            await service.tick()
        }
        let firings = try await service.firings("p", "m", limit: 10, pageToken: nil).items
        #expect(
            firings.count == 2 && firings.allSatisfy { $0.run == nil && $0.error?.contains("'parameters.x'") == true }
        )
        #expect(try await fixture.runs().isEmpty)
    }

    /// When too many runs wait, the time stays due until there is room.
    @Test func aFullQueueIsWaitedFor() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare(Self.minutely)
        let service = fixture.service()
        await service.tick()
        try await fixture.pipelines.database.write { connection in
            for number in 0..<PipelinesLimits.queuedRuns {
                try connection.execute(
                    """
                    INSERT INTO pipeline_runs (id, pipeline, spec, directory, parameters, cause, cause_kind, state,
                        cancel_requested, fence, created_at, priority)
                    VALUES (?, 'q', '{}', '', '{}', 'x', 'manual', 'queued', 0, 0, 0, 0)
                    """,
                    [.text("full-\(number)")]
                )
            }
        }
        fixture.advance(.seconds(60))
        await service.tick()
        #expect(try await fixture.runs().isEmpty)
        try await fixture.pipelines.database.write { connection in
            _ = try connection.execute("DELETE FROM pipeline_runs WHERE pipeline = 'q'")
        }
        await service.tick()
        #expect(try await fixture.values() == [today("00:01")])
    }

    @Test func overlapIsThePipelinesRule() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare(Self.minutely, more: ["concurrency": ["limit": 1, "overlap": "skip"]])
        let service = fixture.service()
        await service.tick()
        for _ in 0..<2 {
            fixture.advance(.seconds(60))
            await service.tick()
        }
        let runs = try await fixture.runs()
        #expect(runs.map(\.state) == [.queued, .cancelled])
        let firings = try await service.firings("p", "m", limit: 10, pageToken: nil).items
        #expect(firings.map(\.runState) == ["cancelled", "queued"])
    }

    @Test func runLooksWhenSomethingIsDue() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare(Self.minutely)
        let service = fixture.service()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            // The clock stands still, so the loop's own looks wait for it to be moved.
            for _ in 0..<2_000 {
                fixture.advance(TriggerLimits.pollInterval)
                if try await fixture.runs().count >= 2 { break }
                await Task.yield()
            }
            group.cancelAll()
        }
        let values = try await fixture.values()
        #expect(values.count >= 2 && Set(values).count == values.count)
    }
}
