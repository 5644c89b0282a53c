import Core
import Schedules
import Testing

/// The pieces of a backfill, and ranges that are none.
struct BackfillPlanTests {
    static func plan(_ line: String, _ from: String, _ through: String, chunk: Int = 1) throws -> BackfillPlan {
        try BackfillPlan(
            timetable: .cron(try CronSchedule(line, zone: "Europe/Berlin")),
            from: try moment(from),
            through: try moment(through),
            chunk: chunk
        )
    }

    static func pieces(_ plan: BackfillPlan) -> [BackfillPlan.Piece] {
        var pieces: [BackfillPlan.Piece] = []
        while let next = plan.piece(after: pieces.last?.last) { pieces.append(next) }
        return pieces
    }

    @Test(arguments: [1, 2, 7, 30, 31, 1000])
    func everyTimeIsInOnePiece(chunk: Int) throws {
        let plan = try Self.plan("0 3 * * *", "2026-03-01", "2026-03-31T23:00", chunk: chunk)
        let pieces = Self.pieces(plan)
        #expect(plan.times == 31 && plan.runs == pieces.count && pieces.count == (31 + chunk - 1) / chunk)
        for (earlier, later) in zip(pieces, pieces.dropFirst()) { #expect(earlier.end == later.first) }
        #expect(pieces.first?.first == (try moment("2026-03-01T02:00")))
        #expect(pieces.last?.last == (try moment("2026-03-31T01:00")))
        #expect(pieces.last?.end == (try moment("2026-04-01T01:00")))
    }

    @Test func rangesThatAreNoneAreRefused() throws {
        func message(_ make: () throws -> BackfillPlan) -> String? {
            let error = #expect(throws: MartletError.self) { _ = try make() }
            return error?.message
        }
        #expect(
            message { try Self.plan("0 3 * * *", "2026-03-02", "2026-03-01") }?.contains("before it begins") == true
        )
        #expect(message { try Self.plan("0 3 29 2 *", "2026-03-02", "2026-04-01") }?.contains("no time") == true)
        #expect(
            message { try Self.plan("0 3 * * *", "2026-03-02", "2026-04-01", chunk: 0) }?.contains("'chunk'") == true
        )
        #expect(message { try Self.plan("* * * * *", "1970-01-01", "2199-12-31") }?.contains("more than") == true)
    }

    @Test func timesAndRunsHaveLimits() throws {
        let minute = Timetable.interval(try IntervalSchedule(every: .seconds(60)))
        let start = try moment("2026-01-01")
        func plan(_ times: Int, chunk: Int) throws -> BackfillPlan {
            try BackfillPlan(
                timetable: minute,
                from: start,
                through: start + .seconds(60 * (times - 1)),
                chunk: chunk
            )
        }
        #expect(try plan(SchedulesLimits.backfillRuns, chunk: 1).runs == SchedulesLimits.backfillRuns)
        #expect(throws: MartletError.self) { try plan(SchedulesLimits.backfillRuns + 1, chunk: 1) }
        #expect(try plan(SchedulesLimits.backfillTimes, chunk: 10).times == SchedulesLimits.backfillTimes)
        #expect(throws: MartletError.self) { try plan(SchedulesLimits.backfillTimes + 1, chunk: 100) }
    }
}
