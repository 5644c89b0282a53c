import Core
import Loop
import Synchronization
import TestSupport
import Testing

/// The promise of the loop: killed at any point, it goes on, and each effect happens exactly once.
@Suite(.overEveryDatabase)
struct LoopCrashTests {
    /// How many calls an undisturbed loop makes; the crash tests kill at each of them.
    static let calls = [
        "startPipeline", "pipelineProgress", "pipelineProgress", "gate", "register", "rolloutProgress", "startRollout",
        "rolloutProgress", "rolloutProgress", "rolloutProgress",
    ]

    @Test func theUndisturbedLoop() async throws {
        let fixture = try await LoopFixture()
        let service = fixture.service()
        let loop = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        try await fixture.settle(service)
        #expect(fixture.world.calls == Self.calls)
        let detail = try await service.loop(loop.id)
        #expect(detail.loop.progress.state == .promoted)
        #expect(detail.loop.progress.version == 2)
        #expect(
            detail.phases.map(\.state) == [.signalled, .retraining, .gating, .registering, .rollingOut, .promoted]
        )
    }

    @Test(arguments: 1...calls.count, FakeWorld.Death.allCases)
    func killedAtEachCall(_ call: Int, _ death: FakeWorld.Death) async throws {
        try await crash(at: call, death, pickupLag: 0)
    }

    @Test(arguments: 6...calls.count + 2, FakeWorld.Death.allCases)
    func killedWhileTheDeploymentIsSlowToPickUp(_ call: Int, _ death: FakeWorld.Death) async throws {
        try await crash(at: call, death, pickupLag: 2)
    }

    private func crash(at call: Int, _ death: FakeWorld.Death, pickupLag: Int) async throws {
        let undisturbed = Self.split(try await timeline(of: LoopFixture()))
        let fixture = try await LoopFixture()
        fixture.world.state.withLock { state in
            state.death = (call, death)
            state.pickupLag = pickupLag
        }
        _ = try await fixture.service().fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        // The first process runs until it dies, the second one finds only the database.
        let first = fixture.service()
        for _ in 0..<20 where fixture.world.calls.count < call {
            await first.advance()
            fixture.clock.advance(by: .seconds(1))
        }
        #expect(fixture.world.calls.count == call, "the process must have died at this call")
        fixture.world.revive()
        try await fixture.settle(fixture.service())

        let (runs, versions, moves) = fixture.world.state.withLock { ($0.runs, $0.versions, $0.aliasMoves) }
        #expect(runs.count == 1, "one pipeline run")
        #expect(versions.count == 1, "one version")
        #expect(moves == [2], "one move of the alias")
        let loop = try #require(try await fixture.store.loops(limit: 2).first)
        #expect(loop.progress.state == .promoted)
        let events = try await fixture.store.detail(loop.id).events
        let (lines, weights) = Self.split(events.map(\.message))
        #expect(lines == undisturbed.lines, "the timeline tells the same story, each line once")
        // A weight is only an observation: one that was read just before death may be missing, none comes twice.
        #expect(weights == undisturbed.weights.filter(weights.contains))
        #expect(weights.count >= undisturbed.weights.count - 1)
        #expect(events.map(\.sequence) == Array(1...Int64(events.count)))
    }

    private static func split(_ messages: [String]) -> (lines: [String], weights: [String]) {
        (messages.filter { !$0.contains("receives") }, messages.filter { $0.contains("receives") })
    }

    private func timeline(of fixture: LoopFixture) async throws -> [String] {
        let service = fixture.service()
        let loop = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        try await fixture.settle(service)
        return try await service.loop(loop.id).events.map(\.message)
    }

    @Test func aRolloutThatEndedWhileTheServerWasDownIsNotStartedAgain() async throws {
        let fixture = try await LoopFixture(world: FakeWorld(promotes: false))
        fixture.world.state.withLock { $0.death = (7, .after) }
        let first = fixture.service()
        _ = try await first.fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        for _ in 0..<20 where fixture.world.calls.count < 7 {
            await first.advance()
            fixture.clock.advance(by: .seconds(1))
        }
        // Meanwhile the rollout was judged and the alias went back.
        fixture.world.state.withLock { $0.rolloutReads = 2 }
        fixture.world.revive()
        try await fixture.settle(fixture.service())
        #expect(fixture.world.state.withLock(\.aliasMoves) == [2])
        #expect(try await fixture.store.loops(limit: 1).first?.progress.state == .rolledBack)
    }
}
