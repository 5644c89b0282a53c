import Core
import HTTPSupport
import Ledger
import Replay
import Synchronization
import TestSupport
import Testing

/// The queue: one at a time, bounded, durable, stoppable.
@Suite("Replay: queue", .overEveryDatabase)
struct ReplayQueueTests {
    @Test("A key finds the replay that was asked for before")
    func key() async throws {
        let fixture = try await ReplayFixture()
        let service = fixture.service()
        let first = try await service.start(ReplayFixture.request(), key: "rollout-1", requestedBy: "a")
        let second = try await service.start(ReplayFixture.request(version: 3), key: "rollout-1", requestedBy: "b")
        #expect(first == second)
        #expect(try await service.replay(key: "rollout-1") == first)
        #expect(try await service.replay(key: "rollout-2") == nil)
        #expect(try await service.replays().items.count == 1)
    }

    @Test("The queue takes its limit and refuses the next")
    func limit() async throws {
        let fixture = try await ReplayFixture()
        let service = fixture.service()
        for _ in 0..<ReplayLimits.queued {
            _ = try await service.start(ReplayFixture.request(), key: nil, requestedBy: "a")
        }
        let error = await #expect(throws: MartletError.self) {
            try await service.start(ReplayFixture.request(), key: nil, requestedBy: "a")
        }
        #expect(error?.code == .resourceExhausted)
    }

    @Test("An unknown deployment is refused at once; an unknown candidate fails with its message")
    func unknown() async throws {
        let fixture = try await ReplayFixture()
        let service = fixture.service()
        var request = ReplayFixture.request()
        request.deployment = "lung"
        let unknown = request
        let error = await #expect(throws: MartletError.self) {
            try await service.start(unknown, key: nil, requestedBy: "a")
        }
        #expect(error?.code == .notFound)
        let record = try await fixture.replay(ReplayFixture.request(version: 77))
        #expect(record.state == .failed)
        #expect(record.message == "The model 'cancer' has no version 77.")
    }

    @Test("A replay that is stopped while it runs ends after the page it reads")
    func cancel() async throws {
        let fixture = try await ReplayFixture()
        fixture.world.change { state in
            state.models[2] = state.models[1]
            state.rows = ReplayFixture.rows(2000)
        }
        let service = fixture.service()
        let record = try await service.start(ReplayFixture.request(), key: nil, requestedBy: "a")
        fixture.world.change { state in
            state.beforePage = { page in
                if page == 1 { _ = try await service.cancel(record.id, by: "ann") }
            }
        }
        await service.runAll()
        let stopped = try await service.replay(record.id)
        #expect(stopped.state == .cancelled)
        #expect(stopped.message == "stopped by ann")
        #expect(stopped.report == nil)
        #expect(fixture.world.state.withLock { $0.pages } == [500, 500])
        let again = try await service.cancel(record.id, by: "bob")
        #expect(again.message == "stopped by ann")
    }

    @Test("One that waits is stopped before it begins")
    func cancelQueued() async throws {
        let fixture = try await ReplayFixture()
        let service = fixture.service()
        let record = try await service.start(ReplayFixture.request(), key: nil, requestedBy: "a")
        _ = try await service.cancel(record.id, by: "ann")
        await service.runAll()
        #expect(try await service.replay(record.id).attempts == 0)
        #expect(fixture.world.state.withLock { $0.pages }.isEmpty)
    }

    @Test("A server that ends under a replay leaves it to the next, which begins it once more and no further time")
    func restart() async throws {
        let fixture = try await ReplayFixture()
        fixture.world.change { state in
            state.models[2] = state.models[1]
            state.rows = ReplayFixture.rows(600)
        }
        let record = try await fixture.service().start(ReplayFixture.request(), key: nil, requestedBy: "a")
        for attempt in 1...ReplayLimits.attempts {
            try await die(fixture)
            let left = try await fixture.service().replay(record.id)
            #expect(left.state == .running)
            #expect(left.attempts == attempt)
        }
        try await live(fixture) { try await $0.replay(record.id).state.isFinal }
        #expect(try await fixture.service().replay(record.id).state == .failed)
        let other = try await fixture.service().start(ReplayFixture.request(), key: nil, requestedBy: "a")
        try await die(fixture)
        try await live(fixture) { try await $0.replay(other.id).state.isFinal }
        let done = try await fixture.service().replay(other.id)
        #expect(done.state == .succeeded)
        #expect(done.attempts == 2)
        #expect(done.report?["rows"] == 600)
    }

    /// A server that is ended while it reads its first page.
    private func die(_ fixture: ReplayFixture) async throws {
        let (reached, signal) = AsyncStream.makeStream(of: Void.self)
        fixture.world.change { state in
            state.beforePage = { _ in
                signal.finish()
                try await ContinuousClock().sleep(for: .seconds(3600))
            }
        }
        let service = fixture.service()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await service.run() }
            for await _ in reached {}
            group.cancelAll()
        }
        fixture.world.change { $0.beforePage = { _ in } }
    }

    /// A server that runs until `isDone`.
    private func live(
        _ fixture: ReplayFixture,
        until isDone: @escaping @Sendable (ReplayService) async throws -> Bool
    ) async throws {
        let service = fixture.service()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await service.run() }
            while try await !isDone(service) { try? await Task.sleep(for: .milliseconds(1)) }
            group.cancelAll()
        }
    }

    @Test("Lists go on where the page before ended, and leave out the reports")
    func pages() async throws {
        let fixture = try await ReplayFixture()
        let service = fixture.service()
        for _ in 0..<5 {
            _ = try await service.start(ReplayFixture.request(), key: nil, requestedBy: "a")
            fixture.clock.advance(by: .seconds(1))
        }
        let first = try await service.replays(deployment: "cancer", limit: 2)
        let second = try await service.replays(limit: 2, pageToken: first.nextPageToken)
        let third = try await service.replays(limit: 2, pageToken: second.nextPageToken)
        let all = first.items + second.items + third.items
        #expect(Set(all.map(\.id)).count == 5)
        #expect(all.map(\.createdAt) == all.map(\.createdAt).sorted(by: >))
        #expect(third.nextPageToken == nil)
        #expect(try await service.replays(deployment: "lung").items.isEmpty)
        await #expect(throws: MartletError.self) { try await service.replays(pageToken: "nonsense") }
    }

    @Test("The oldest finished replays are forgotten past the limit")
    func kept() async throws {
        let fixture = try await ReplayFixture()
        let service = fixture.service()
        var ids: [String] = []
        for _ in 0...ReplayLimits.kept {
            let record = try await service.start(ReplayFixture.request(), key: nil, requestedBy: "a")
            ids.append(record.id)
            fixture.clock.advance(by: .seconds(1))
            _ = try await service.cancel(record.id, by: "a")
        }
        let left = try await service.replays(limit: ReplayLimits.kept + 1).items.map(\.id)
        #expect(left == ids.dropFirst().reversed())
    }
}
