import Core
import HTTPSupport
import Pipelines
import Storage
import Synchronization
import TestSupport
import Testing

/// Events start runs: each event once for each trigger that waits for it.
@Suite(.overEveryDatabase)
struct EventRunTests {
    static let triggers: JSONValue = [
        "fresh": ["dataset": "sales", "parameters": ["x": "${trigger.event.data.version}"]],
        "moved": [
            "model": ["name": "cancer", "alias": "production"],
            "parameters": ["x": "${trigger.event.subject} ${trigger.event.id}"],
        ],
    ]

    @Test func eachEventStartsOneRun() async throws {
        let fixture = try await TriggerFixture()
        fixture.emit("martlet.dataset.updated", "datasets/sales", ["version": "old"])
        let service = fixture.service()
        await service.tick()
        try await fixture.declare(Self.triggers)
        await service.tick()
        fixture.emit("martlet.dataset.updated", "datasets/sales", ["version": "v1"])
        fixture.emit("martlet.dataset.updated", "datasets/other", ["version": "v9"])
        fixture.advance(.milliseconds(1))
        fixture.emit("martlet.alias.moved", "models/cancer/aliases/production", [:], id: "e7")
        await service.tick()
        await service.tick()
        #expect(try await fixture.values() == ["v1", "models/cancer/aliases/production e7"])
        let runs = try await fixture.runs()
        #expect(runs.map(\.cause.kind) == [.dataset, .model])
        #expect(runs.map(\.cause.trigger) == ["fresh", "moved"])
        let firing = try #require(try await service.firings("p", "moved", limit: 5, pageToken: nil).items.first)
        #expect(firing.event?["type"] == "martlet.alias.moved" && firing.run == runs.last?.id)
    }

    /// A server that is killed before it remembers its place answers events again; each answer is there already.
    @Test func aLostPlaceRepeatsNothing() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare(Self.triggers)
        await fixture.service().tick()
        for version in 1...3 {
            fixture.emit("martlet.dataset.updated", "datasets/sales", ["version": .string("v\(version)")])
        }
        await fixture.service().tick()
        try await fixture.pipelines.database.write { connection in
            _ = try connection.execute("UPDATE trigger_positions SET position = 0")
        }
        fixture.emit("martlet.dataset.updated", "datasets/sales", ["version": "v4"])
        let (one, two) = (fixture.service(), fixture.service())
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await one.tick() }
            group.addTask { await two.tick() }
        }
        #expect(try await fixture.values().sorted() == ["v1", "v2", "v3", "v4"])
    }

    @Test func manyEventsAreReadPageByPage() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare(Self.triggers)
        let service = fixture.service()
        await service.tick()
        for _ in 0..<TriggerLimits.eventPage + 1 { fixture.emit("martlet.loop.opened", "loops/1") }
        fixture.emit("martlet.dataset.updated", "datasets/sales", ["version": "late"])
        let before = fixture.reads.withLock { $0 }
        await service.tick()
        #expect(try await fixture.values() == ["late"])
        #expect(fixture.reads.withLock { $0 } == before + 2)
    }

    @Test func aPipelineDoesNotAnswerItself() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare([
            "after": ["event": "martlet.run.finished", "parameters": ["x": "${trigger.event.subject}"]]
        ])
        let service = fixture.service()
        await service.tick()
        fixture.emit("martlet.run.finished", "pipelines/p/runs/1")
        fixture.emit("martlet.run.finished", "pipelines/q/runs/2")
        await service.tick()
        #expect(try await fixture.values() == ["pipelines/q/runs/2"])
    }

    @Test func pausedTriggersLetEventsPass() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare(Self.triggers)
        let service = fixture.service()
        await service.tick()
        try await service.pause("p", "fresh", by: "alice")
        fixture.emit("martlet.dataset.updated", "datasets/sales", ["version": "v1"])
        await service.tick()
        try await service.resume("p", "fresh", by: "alice")
        fixture.emit("martlet.dataset.updated", "datasets/sales", ["version": "v2"])
        await service.tick()
        #expect(try await fixture.values() == ["v2"])
    }

    @Test func eventsWithoutWhatIsWantedAreRecorded() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare(Self.triggers)
        let service = fixture.service()
        await service.tick()
        fixture.emit("martlet.dataset.updated", "datasets/sales")
        await service.tick()
        let firing = try #require(try await service.firings("p", "fresh", limit: 5, pageToken: nil).items.first)
        #expect(firing.run == nil && firing.error?.contains("${trigger.event.data.version}") == true)
        #expect(try await fixture.runs().isEmpty)
        // By hand, a person gives what the event would have given.
        let run = try await service.fire("p", "fresh", parameters: ["x": "by hand"], by: "alice")
        #expect(run.parameters["x"] == "by hand")
    }

    @Test func longErrorsAreCut() async throws {
        let fixture = try await TriggerFixture()
        let long = String(repeating: "x", count: TriggerLimits.errorBytes)
        try await fixture.declare([
            "any": ["event": "a.b", "parameters": ["x": .string("${trigger.event.data.\(long)}")]]
        ])
        let service = fixture.service()
        await service.tick()
        fixture.emit("a.b", "c")
        await service.tick()
        let firing = try #require(try await service.firings("p", "any", limit: 5, pageToken: nil).items.first)
        #expect(firing.error?.utf8.count == TriggerLimits.errorBytes)
    }

    @Test func largeEventsAreNotKeptWhole() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare(["any": ["event": "a.b"]])
        let service = fixture.service()
        await service.tick()
        fixture.emit("a.b", "c", ["text": .string(String(repeating: "x", count: TriggerLimits.eventBytes - 200))])
        fixture.emit("a.b", "c", ["text": .string(String(repeating: "x", count: TriggerLimits.eventBytes))])
        await service.tick()
        let firings = try await service.firings("p", "any", limit: 5, pageToken: nil).items
        let data = firings.map { $0.event?["data"]?.objectValue }
        #expect(data.contains { $0?["text"] != nil } && data.contains { $0?["omitted_bytes"] != nil })
    }

    /// Of many firings the oldest are forgotten; what they fired for does not come again.
    @Test func oldFiringsAreForgotten() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare(["m": ["cron": "* * * * *"]])
        let service = fixture.service()
        await service.tick()
        let extra = TriggerLimits.forgottenAtOnce + 5
        try await fixture.pipelines.database.write { connection in
            for number in 0..<(TriggerLimits.keptFirings + extra) {
                try connection.execute(
                    """
                    INSERT INTO trigger_firings (pipeline, trigger_name, firing_key, logical_at, fired_at)
                    VALUES ('p', 'm', ?, ?, ?)
                    """,
                    [.text("t:\(number)"), .int(number), .int(number)]
                )
            }
        }
        func count() async throws -> Int64? {
            try await fixture.pipelines.database.read { connection in
                try connection.first("SELECT COUNT(*) AS n FROM trigger_firings")?.int("n")
            }
        }
        fixture.advance(TriggerLimits.forgetInterval)
        await service.tick()
        #expect(try await count() == Int64(TriggerLimits.keptFirings + 6), "a bounded number at once")
        fixture.advance(TriggerLimits.forgetInterval)
        await service.tick()
        #expect(try await count() == Int64(TriggerLimits.keptFirings))
    }
}
