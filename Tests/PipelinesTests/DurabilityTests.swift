import Core
import Foundation
import Pipelines
import Storage
import TestSupport
import Testing

/// Servers that stop, die and come back: nothing lost, nothing recorded twice.
@Suite(.overEveryDatabase)
struct DurabilityTests {
    private static let section: JSONValue = [
        "p": [
            "tasks": [
                "a": ["step": "test.echo", "with": ["value": 1]],
                "b": ["step": "test.echo", "needs": ["a"], "with": ["value": "${tasks.a.outputs.value}"]],
            ]
        ]
    ]

    /// Takes a run as a server would that dies right after: `start` is recorded, nothing more.
    private func dieWhileRunning(_ task: String, attempt: Int = 1, in fixture: PipelineFixture) async throws -> RunLease
    {
        let deadline = Timestamp(milliseconds: .max)
        let owner = Identifier.random()
        let lease = try #require(try await fixture.store.claim(owner: owner, limit: 1, heardBefore: deadline).first)
        let start = RunChange.start(task: task, attempt: attempt, marker: "marker-\(owner)")
        try await fixture.store.record([start], lease: lease)
        return lease
    }

    private func attempts(_ fixture: PipelineFixture, _ task: String) async throws -> [String] {
        try await fixture.database.read { connection in
            try connection.query("SELECT state FROM task_runs WHERE task = ? ORDER BY attempt", [.text(task)])
                .map { try $0.text("state") }
        }
    }

    @Test func aTaskWhoseServerDiedIsRetriedOnce() async throws {
        let fixture = try await PipelineFixture(onDisk: true)
        try await fixture.apply(Self.section)
        let id = try await fixture.service().startRun(pipeline: "p")
        _ = try await dieWhileRunning("a", in: fixture)
        let next = fixture.service()
        let run = try await serving(next) { try await next.waitForRun(id) }
        #expect(run.state == .succeeded)
        #expect(try await attempts(fixture, "a") == ["lost", "succeeded"])
        let lines = try await next.logs(run: id, task: "a")
        #expect(lines.map(\.attempt) == [1, 2])
        #expect(lines.first?.text == "The server ended while the task ran; it is tried again.")
        #expect(try await attempts(fixture, "b") == ["succeeded"])
    }

    @Test func aTaskThatIsLostTwiceFails() async throws {
        let fixture = try await PipelineFixture(onDisk: true)
        try await fixture.apply(Self.section)
        let id = try await fixture.service().startRun(pipeline: "p")
        let first = try await dieWhileRunning("a", in: fixture)
        let changes: [RunChange] = [
            .end(task: "a", attempt: 1, state: .lost, error: nil, outputs: nil),
            .plan(task: "a", attempt: 2, at: fixture.clock.now),
        ]
        try await fixture.store.record(changes, lease: first)
        _ = try await dieWhileRunning("a", attempt: 2, in: fixture)
        let next = fixture.service()
        let run = try await serving(next) { try await next.waitForRun(id) }
        #expect(run.state == .failed)
        #expect(try await attempts(fixture, "a") == ["lost", "failed"])
        #expect(try await attempts(fixture, "b") == ["skipped"])
    }

    @Test func aServerThatLostItsLeaseRecordsNothing() async throws {
        let fixture = try await PipelineFixture(onDisk: true)
        try await fixture.apply(Self.section)
        let id = try await fixture.service().startRun(pipeline: "p")
        let stale = try await dieWhileRunning("a", in: fixture)
        let next = fixture.service()
        _ = try await serving(next) { try await next.waitForRun(id) }
        let late = RunChange.end(task: "a", attempt: 1, state: .succeeded, error: nil, outputs: ["value": 666])
        #expect(
            await failure(.failedPrecondition, "Another server") {
                try await fixture.store.record([late], lease: stale)
            } == nil
        )
        #expect(try await next.run(id).task("a")?.outputs["value"] == 1)
    }

    @Test func aResultIsRecordedOnce() async throws {
        let fixture = try await PipelineFixture(onDisk: true)
        try await fixture.apply(Self.section)
        _ = try await fixture.service().startRun(pipeline: "p")
        let lease = try await dieWhileRunning("a", in: fixture)
        let end = RunChange.end(task: "a", attempt: 1, state: .succeeded, error: nil, outputs: [:])
        try await fixture.store.record([end], lease: lease)
        #expect(
            await failure(.failedPrecondition, "recorded already") {
                try await fixture.store.record([.log(task: "a", attempt: 1, .init()), end], lease: lease)
            } == nil
        )
    }

    @Test func anOrderlyStopCountsAgainstNobody() async throws {
        let fixture = try await PipelineFixture(onDisk: true)
        try await fixture.apply(["p": ["tasks": ["a": ["step": "test.endless"]]]])
        let id = try await fixture.service().startRun(pipeline: "p")
        for round in 1...3 {
            let service = fixture.service()
            try await serving(service) {
                while try await service.run(id).task("a")?.state != .running {
                    try? await Task.sleep(for: .milliseconds(1))
                }
            }
            #expect(try await service.run(id).state == .running)
            #expect(try await service.run(id).task("a")?.attempt == round + 1)
            #expect(try await service.run(id).task("a")?.state == .pending)
        }
        let last = fixture.service()
        let run = try await serving(last) {
            while try await last.run(id).task("a")?.state != .running { try? await Task.sleep(for: .milliseconds(1)) }
            try await last.cancel(id)
            return try await last.waitForRun(id)
        }
        #expect(run.state == .cancelled)
        #expect(try await attempts(fixture, "a") == ["lost", "lost", "lost", "cancelled"])
    }

    @Test func anotherServerTakesOverWhenTheLeaseRunsOut() async throws {
        let clock = ManualClock()
        let fixture = try await PipelineFixture(clock: clock.clock, onDisk: true)
        try await fixture.apply(Self.section)
        _ = try await fixture.service().startRun(pipeline: "p")
        _ = try await dieWhileRunning("a", in: fixture)
        let other = "other"
        clock.advance(by: PipelinesLimits.lease)
        let early = clock.now - PipelinesLimits.lease
        #expect(try await fixture.store.claim(owner: other, limit: 9, heardBefore: early).isEmpty)
        clock.advance(by: .milliseconds(1))
        let late = clock.now - PipelinesLimits.lease
        let taken = try await fixture.store.claim(owner: other, limit: 9, heardBefore: late)
        #expect(taken.map(\.fence) == [2])
        #expect(try await fixture.store.heartbeat(owner: other).count == 1)
        clock.advance(by: .seconds(15))
        #expect(try await fixture.store.heartbeat(owner: other) == [taken[0].runID: false])
        clock.advance(by: .seconds(15))
        let deadline = clock.now - PipelinesLimits.lease
        #expect(try await fixture.store.claim(owner: "third", limit: 9, heardBefore: deadline).isEmpty)
    }

    @Test func processesThatADeadServerLeftAreEnded() async throws {
        let fixture = try await PipelineFixture(onDisk: true)
        try await fixture.apply(["p": ["tasks": ["a": ["run": ["true"]]]]])
        let id = try await fixture.service().startRun(pipeline: "p")
        let lease = try await dieWhileRunning("a", in: fixture)
        let orphan = try Self.sleeper(marker: "marker-\(lease.owner)")
        let next = fixture.service()
        let run = try await serving(next) { try await next.waitForRun(id) }
        #expect(run.state == .succeeded)
        var status: Int32 = 0
        #expect(waitpid(orphan, &status, 0) == orphan)
        // A process that a signal ended has the signal's number in the low bits.
        #expect(status & 0x7f != 0)
    }

    /// Starts a process that only a signal ends, with the mark of a task in its environment.
    private static func sleeper(marker: String) throws -> pid_t {
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("600"), nil]
        var environment: [UnsafeMutablePointer<CChar>?] = [strdup("MARTLET_TASK_MARKER=\(marker)"), nil]
        defer { for text in arguments + environment { free(text) } }
        var process: pid_t = 0
        try #require(posix_spawn(&process, "/bin/sleep", nil, nil, &arguments, &environment) == 0)
        return process
    }

    @Test func aRunWhosePipelineThisServerCannotReadFailsPlainly() async throws {
        let fixture = try await PipelineFixture(onDisk: true)
        try await fixture.apply(Self.section)
        let id = try await fixture.service().startRun(pipeline: "p")
        let older = fixture.service(steps: [])
        let run = try await serving(older) { try await older.waitForRun(id) }
        #expect(run.state == .failed)
        #expect(run.error?.contains("test.echo") == true)
    }
}

/// The heartbeat: what a server learns from the database while it drives a run.
struct HeartbeatTests {
    private func driving(
        _ fixture: PipelineFixture,
        _ clock: ManualClock,
        _ body: @Sendable (PipelineService, String) async throws -> Void
    ) async throws {
        try await fixture.apply(["p": ["tasks": ["a": ["step": "test.endless"]]]])
        let service = fixture.service()
        let id = try await service.startRun(pipeline: "p")
        try await serving(service) {
            while try await service.run(id).task("a")?.state != .running {
                try? await Task.sleep(for: .milliseconds(1))
            }
            try await body(service, id)
        }
    }

    /// Moves the clock over a heartbeat once the service sleeps until it.
    private func beat(_ clock: ManualClock) async {
        while clock.sleeperCount == 0 { try? await Task.sleep(for: .milliseconds(1)) }
        clock.advance(by: PipelinesLimits.heartbeat)
    }

    @Test func aRequestToStopArrivesThroughTheDatabase() async throws {
        let clock = ManualClock()
        let fixture = try await PipelineFixture(clock: clock.clock, onDisk: true)
        try await driving(fixture, clock) { service, id in
            // Another server's request: this one is not told otherwise.
            try await fixture.service().cancel(id)
            await beat(clock)
            #expect(try await service.waitForRun(id).state == .cancelled)
        }
    }

    @Test func aServerWhoseRunWasTakenStopsItsTasksAndRecordsNothing() async throws {
        let clock = ManualClock()
        let fixture = try await PipelineFixture(clock: clock.clock, onDisk: true)
        let stopped = AsyncStream<Void>.makeStream()
        let step = BuiltinStep(name: "test.watched", summary: "", parameters: []) { _ in
            for await _ in AsyncStream<Void>.makeStream().stream {}
            stopped.continuation.finish()
            throw CancellationError()
        }
        try await fixture.apply(["p": ["tasks": ["a": ["step": "test.watched"]]]], steps: [step])
        // Not exclusive: the other server's lease counts until it has run out.
        let service = fixture.service(steps: [step], isExclusive: false)
        let id = try await service.startRun(pipeline: "p")
        try await serving(service) {
            while try await service.run(id).task("a")?.state != .running {
                try? await Task.sleep(for: .milliseconds(1))
            }
            let deadline = Timestamp(milliseconds: .max)
            let taken = try await fixture.store.claim(owner: "other", limit: 1, heardBefore: deadline)
            #expect(taken.map(\.runID) == [id])
            await beat(clock)
            // Ends only when the step was stopped, while the service still works.
            for await _ in stopped.stream {}
        }
        let after = try await service.run(id).task("a")
        #expect(after?.state == .running && after?.attempt == 1)
        #expect(try await fixture.store.heartbeat(owner: "other") == [id: false])
    }
}
