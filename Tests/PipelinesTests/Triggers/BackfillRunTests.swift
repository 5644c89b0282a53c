import Core
import HTTPSupport
import Pipelines
import Schedules
import Storage
import TestSupport
import Testing

/// The past of a schedule made up for: piece by piece, so many at a time, each once.
@Suite(.overEveryDatabase)
struct BackfillRunTests {
    static let daily: JSONValue = [
        "d": [
            "cron": ["expression": "0 3 * * *", "timezone": "Europe/Berlin"],
            "parameters": ["x": "${trigger.date} ${trigger.start} ${trigger.end}"],
        ]
    ]

    static func order(_ from: String, _ through: String, active: Int = 64) -> BackfillOrder {
        var order = BackfillOrder(from: from, through: through)
        order.active = active
        return order
    }

    static func fixture() async throws -> (TriggerFixture, TriggerService) {
        let fixture = try await TriggerFixture()
        try await fixture.declare(daily)
        let service = fixture.service()
        await service.tick()
        return (fixture, service)
    }

    @Test func eachDayOfTheRangeHasARun() async throws {
        let (fixture, service) = try await Self.fixture()
        let backfill = try await service.backfill(
            Self.order("2026-03-28", "2026-03-30"),
            pipeline: "p",
            trigger: "d",
            by: "alice"
        )
        #expect(backfill.times == 3 && backfill.runs == 3 && backfill.createdBy == "alice")
        await service.tick()
        await service.tick()
        #expect(
            try await fixture.values() == [
                "2026-03-28 2026-03-28T02:00:00Z 2026-03-29T01:00:00Z",
                "2026-03-29 2026-03-29T01:00:00Z 2026-03-30T01:00:00Z",
                "2026-03-30 2026-03-30T01:00:00Z 2026-03-31T01:00:00Z",
            ]
        )
        let runs = try await fixture.runs()
        #expect(runs.allSatisfy { $0.cause.kind == .backfill && $0.priority == -Int(TriggerLimits.backfillPriority) })
        #expect(runs.map(\.time?.milliseconds) == [1_774_663_200_000, 1_774_746_000_000, 1_774_832_400_000])
        let (running, states) = try await service.backfill(backfill.id)
        #expect(running.state == .running && running.started == 3 && states == ["queued": 3])
        try await fixture.finishRuns()
        await service.tick()
        #expect(try await service.backfill(backfill.id).0.state == .failed, "its runs were cancelled")
    }

    @Test func soManyRunAtATime() async throws {
        let (fixture, service) = try await Self.fixture()
        var order = Self.order("2026-03-01", "2026-03-10", active: 2)
        order.chunk = 3
        let backfill = try await service.backfill(order, pipeline: "p", trigger: "d", by: "alice")
        var counts: [Int] = []
        for _ in 0..<4 {
            await service.tick()
            await fixture.service().tick()
            counts.append(try await fixture.runs().count)
            try await fixture.finishRuns()
        }
        #expect(counts == [2, 4, 4, 4])
        #expect(
            try await fixture.values().last == "2026-03-10 2026-03-10T02:00:00Z 2026-03-11T02:00:00Z",
            "the last piece is a short one"
        )
        #expect(try await service.backfill(backfill.id).0.times == 10)
    }

    @Test func whatHasARunIsLeftAlone() async throws {
        let (fixture, service) = try await Self.fixture()
        _ = try await service.backfill(Self.order("2026-03-02", "2026-03-03"), pipeline: "p", trigger: "d", by: "a")
        await service.tick()
        try await fixture.finishRuns()
        await service.tick()
        func again(_ selection: Backfill.Selection) async throws -> Backfill {
            var order = Self.order("2026-03-01", "2026-03-04")
            order.selection = selection
            let id = try await service.backfill(order, pipeline: "p", trigger: "d", by: "a").id
            for _ in 0..<3 {
                await service.tick()
                try await fixture.finishRuns()
            }
            return try await service.backfill(id).0
        }
        let missing = try await again(.missing)
        #expect(missing.started == 2 && missing.skipped == 2)
        let nothing = try await again(.missing)
        #expect(nothing.started == 0 && nothing.skipped == 4 && nothing.state == .succeeded)
        #expect(try await again(.failed).started == 4, "all were cancelled")
        #expect(try await again(.all).started == 4)
    }

    @Test func twoServersAndARestartStartEachPieceOnce() async throws {
        let (fixture, service) = try await Self.fixture()
        let id = try await service.backfill(
            Self.order("2026-01-01", "2026-01-20", active: 3),
            pipeline: "p",
            trigger: "d",
            by: "a"
        ).id
        for _ in 0..<12 {
            let (one, two) = (fixture.service(), fixture.service())
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await one.tick() }
                group.addTask { await two.tick() }
            }
            try await fixture.finishRuns()
        }
        let values = try await fixture.values()
        #expect(values.count == 20 && Set(values).count == 20)
        let (backfill, states) = try await service.backfill(id)
        #expect(backfill.started == 20 && backfill.state == .failed && states["cancelled"] == 20)
    }

    @Test func aBackfillCanBeStopped() async throws {
        let (fixture, service) = try await Self.fixture()
        let order = Self.order("2026-03-01", "2026-03-31", active: 2)
        let id = try await service.backfill(order, pipeline: "p", trigger: "d", by: "a").id
        await service.tick()
        try await service.cancelBackfill(id, stopsRuns: true)
        await service.tick()
        #expect(try await fixture.runs().map(\.state) == [.cancelled, .cancelled])
        #expect(try await service.backfill(id).0.state == .cancelled)
        let error = await #expect(throws: MartletError.self) { try await service.cancelBackfill(id, stopsRuns: false) }
        #expect(error?.code == .failedPrecondition)
        let second = try await service.backfill(order, pipeline: "p", trigger: "d", by: "a").id
        await service.tick()
        try await service.cancelBackfill(second, stopsRuns: false)
        #expect(try await fixture.runs().filter { !$0.state.isFinal }.count == 2)
        let page = try await service.backfills(pipeline: "p", limit: 1, pageToken: nil)
        #expect(page.items.map(\.id) == [second])
        let rest = try await service.backfills(pipeline: nil, limit: 9, pageToken: page.nextPageToken)
        #expect(rest.items.map(\.id) == [id] && rest.nextPageToken == nil)
    }

    @Test func backfillsThatAreNoneAreRefused() async throws {
        let (fixture, service) = try await Self.fixture()
        try await fixture.declare(["d": Self.daily["d"] ?? .null, "hand": ["manual": true]])
        await service.tick()
        func message(_ change: (inout BackfillOrder) -> Void, trigger: String = "d") async -> String {
            var order = Self.order("2026-03-01", "2026-03-02")
            change(&order)
            let asked = order
            let error = await #expect(throws: MartletError.self) {
                try await service.backfill(asked, pipeline: "p", trigger: trigger, by: "a")
            }
            return error?.message ?? ""
        }
        #expect(await message({ $0.from = "2026-02-30" }).contains("'from' must be a date"))
        #expect(await message({ $0.through = "4763-12-31" }).contains("'to' must be a date"))
        #expect(await message({ $0.from = "2026-03-05" }).contains("before it begins"))
        #expect(
            await message({ ($0.from, $0.through) = ("2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z") }).contains(
                "no time"
            )
        )
        #expect(
            await message({ ($0.from, $0.through) = ("1970-01-02", "2199-12-30") }).contains("Choose a shorter range")
        )
        #expect(
            await message({ $0.active = Int(TriggerLimits.backfillActive.upperBound) + 1 }).contains("'max_active'")
        )
        #expect(await message({ $0.parameters = ["y": 1] }).contains("'parameters.y' is not a known key"))
        #expect(await message({ $0.parameters = ["x": "${trigger.event.id}"] }).contains("has no event"))
        #expect(await message({ _ in }, trigger: "hand").contains("is no schedule"))
        #expect(await message({ _ in }, trigger: "other").contains("has no trigger"))
        for _ in 0..<TriggerLimits.backfills {
            _ = try await service.backfill(Self.order("2026-03-01", "2026-03-02"), pipeline: "p", trigger: "d", by: "a")
        }
        #expect(await message({ _ in }).contains("backfills are under way"))
        await #expect(throws: MartletError.self) { try await service.backfill("nothing") }
    }

    @Test func aPausedScheduleCanBeMadeUpFor() async throws {
        let (fixture, service) = try await Self.fixture()
        try await service.pause("p", "d", by: "a")
        var order = BackfillOrder(from: "2026-03-01", through: "2026-03-01")
        #expect(order.active == Int(TriggerLimits.defaultBackfillActive))
        order.parameters = ["x": "given for ${trigger.date}"]
        _ = try await service.backfill(order, pipeline: "p", trigger: "d", by: "a")
        await service.tick()
        #expect(try await fixture.values() == ["given for 2026-03-01"])
    }
}
