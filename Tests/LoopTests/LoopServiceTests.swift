import Core
import Logging
import Loop
import Synchronization
import TestSupport
import Testing

/// Signals, guards, failures and views of the service over a real database.
@Suite(.overEveryDatabase)
struct LoopServiceTests {
    @Test func driftWaitsForLabelsThenOpensOneLoop() async throws {
        let fixture = try await LoopFixture()
        let service = fixture.service()
        fixture.world.state.withLock { $0.labelled = 3 }
        try await service.monitorChanged("cancer-drift", drifting: true, message: "MMD p = 0.001")
        await service.advance()
        #expect(try await fixture.store.openLoops().isEmpty)
        let status = try #require(try await service.triggers().first)
        #expect(status.waiting?.message == "MMD p = 0.001")
        #expect(status.refusal == .noNewData(have: 3, need: 10))

        fixture.world.state.withLock { $0.labelled = 10 }
        try await fixture.settle(service)
        let loops = try await service.loops().loops
        #expect(loops.count == 1)
        #expect(loops.first?.signal.kind == .drift)
        #expect(loops.first?.progress.state == .promoted)
        #expect(try await service.triggers().first?.waiting == nil)
    }

    @Test func clearedDriftAndForeignMonitorsOpenNothing() async throws {
        let fixture = try await LoopFixture()
        let service = fixture.service()
        try await service.monitorChanged("another", drifting: true, message: "drift")
        try await service.monitorChanged("cancer-drift", drifting: true, message: "drift")
        try await service.monitorChanged("cancer-drift", drifting: false, message: "clear")
        await service.advance()
        #expect(try await fixture.store.loops(limit: 10).isEmpty)
    }

    @Test func guardsAnswerAFireByHand() async throws {
        let fixture = try await LoopFixture()
        let service = fixture.service()
        func refusal(force: Bool = false) async -> MartletError.Code? {
            do {
                _ = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal, force: force)
                return nil
            } catch {
                return (error as? MartletError)?.code
            }
        }
        fixture.world.state.withLock { $0.labelled = 9 }
        #expect(await refusal() == .failedPrecondition, "no new data")
        fixture.world.state.withLock { $0.labelled = 10 }
        #expect(await refusal() == nil)
        #expect(await refusal(force: true) == .failedPrecondition, "one open loop")
        try await fixture.settle(service)
        #expect(await refusal() == .resourceExhausted, "cool-down")
        #expect(await refusal(force: true) == nil)
        try await fixture.settle(service)
        #expect(await refusal(force: true) == nil)
        try await fixture.settle(service)
        #expect(await refusal(force: true) == .resourceExhausted, "budget of three a day")
        fixture.clock.advance(by: .seconds(86_400))
        #expect(await refusal() == nil)
    }

    @Test func oneLoopPerModelAndAliasEvenThroughAnotherTrigger() async throws {
        let fixture = try await LoopFixture()
        let service = fixture.service()
        let twin = try TriggerSpec(name: "twin", definition: .object(LoopFixture.definition))
        try await service.apply([twin])
        _ = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        await #expect(throws: MartletError.self) {
            try await service.fire(trigger: "twin", signal: LoopFixture.signal)
        }
        // The index holds when the guards are passed by.
        await #expect(throws: MartletError.self) {
            try await fixture.store.open(twin, signal: LoopFixture.signal, now: fixture.clock.now)
        }
    }

    @Test func aRejectedCandidateUsesUpTheDataAFailedRunDoesNot() async throws {
        let fixture = try await LoopFixture(world: FakeWorld(accepted: false))
        let service = fixture.service()
        let loop = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        try await fixture.settle(service)
        #expect(try await service.loop(loop.id).loop.progress.state == .rejected)
        #expect(fixture.world.state.withLock(\.versions).isEmpty)
        #expect(try await fixture.store.dataUsedUntil(trigger: "cancer-retrain") == loop.openedAt)

        let other = try await LoopFixture()
        let refused = MartletError(.failedPrecondition, "no such pipeline")
        other.world.state.withLock { $0.failures = ["startPipeline": [refused]] }
        let failing = try await other.service().fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        try await other.settle(other.service())
        let detail = try await other.store.detail(failing.id)
        #expect(detail.loop.progress.state == .failed)
        #expect(detail.events.last?.message.contains("no such pipeline") == true)
        #expect(try await other.store.dataUsedUntil(trigger: "cancer-retrain") == nil)
    }

    @Test func aTransientFailureIsRepeatedAndRecorded() async throws {
        let fixture = try await LoopFixture()
        let busy = MartletError(.unavailable, "busy")
        fixture.world.state.withLock { $0.failures = ["register": [busy, busy], "gate": [busy]] }
        let service = fixture.service()
        let loop = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        try await fixture.settle(service)
        let detail = try await service.loop(loop.id)
        #expect(detail.loop.progress.state == .promoted)
        #expect(detail.events.filter { $0.message.contains("is repeated: busy") }.count == 3)
        #expect(fixture.world.state.withLock(\.versions).count == 1)
    }

    @Test func twoWritersCannotBothMoveALoop() async throws {
        let fixture = try await LoopFixture()
        let loop = try await fixture.service().fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        var progress = loop.progress
        progress.runID = "a"
        _ = try await fixture.store.save(loop, progress, entries: [], now: fixture.clock.now)
        progress.runID = "b"
        await #expect(throws: MartletError.self) {
            try await fixture.store.save(loop, progress, entries: [], now: fixture.clock.now)
        }
        #expect(try await fixture.store.loop(loop.id).progress.runID == "a")
    }

    @Test func aLoopKeepsTheTriggerItWasOpenedWith() async throws {
        let fixture = try await LoopFixture()
        let service = fixture.service()
        let loop = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        var changed = LoopFixture.definition
        changed["pipeline"] = "another"
        try await service.apply([try TriggerSpec(name: "cancer-retrain", definition: .object(changed))])
        #expect(try await service.loop(loop.id).loop.trigger.pipeline == "cancer-retraining")
        #expect(try await service.triggers().first?.trigger.pipeline == "another")
        try await service.removeTrigger("cancer-retrain")
        #expect(try await service.triggers().isEmpty)
        await #expect(throws: MartletError.self) { try await service.removeTrigger("cancer-retrain") }
        try await fixture.settle(service)
    }

    @Test func aLoopThatAlwaysMovesLeavesRoomForTheOthers() async throws {
        let fixture = try await LoopFixture()
        fixture.world.state.withLock { $0.climbsForEver = true }
        let service = fixture.service()
        _ = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        await service.advance()
        await service.advance()
        let before = fixture.world.calls.count
        await service.advance()
        #expect(fixture.world.calls.count - before == LoopLimits.maximumStepsPerLook)
    }

    @Test func fewLoopsAdvanceAtTheSameTime() async throws {
        let fixture = try await LoopFixture()
        let underWay = Mutex((now: 0, most: 0))
        var actions = fixture.world.actions
        let start = actions.startPipeline
        actions.startPipeline = { order in
            underWay.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            for _ in 0..<20 { await Task.yield() }
            underWay.withLock { $0.now -= 1 }
            return try await start(order)
        }
        let service = LoopService(
            store: fixture.store,
            actions: actions,
            clock: fixture.clock.clock,
            logger: Logger(label: "test")
        )
        let count = LoopLimits.maximumConcurrentSteps * 3
        for index in 0..<count {
            var definition = LoopFixture.definition
            definition["model"] = .string("model-\(index)")
            try await service.apply([try TriggerSpec(name: "t\(index)", definition: .object(definition))])
            _ = try await service.fire(trigger: "t\(index)", signal: LoopFixture.signal)
        }
        await service.advance()
        #expect(fixture.world.state.withLock(\.runs).count == count)
        #expect(underWay.withLock(\.most) <= LoopLimits.maximumConcurrentSteps)
    }

    @Test func theTimelineIsBounded() async throws {
        let fixture = try await LoopFixture()
        var loop = try await fixture.service().fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        let long = LoopStateMachine.Entry(
            state: .signalled,
            message: String(repeating: "m", count: LoopLimits.maximumMessageCharacters + 1),
            evidence: ["text": .string(String(repeating: "e", count: LoopLimits.maximumEvidenceBytes))]
        )
        let entries = Array(repeating: long, count: LoopLimits.maximumEventsPerLoop)
        loop = try await fixture.store.save(loop, loop.progress, entries: entries, now: fixture.clock.now)
        let events = try await fixture.store.detail(loop.id).events
        #expect(events.count == LoopLimits.maximumEventsPerLoop)
        #expect(events.last?.message.count == LoopLimits.maximumMessageCharacters)
        #expect(events.last?.evidence.keys == ["omitted_bytes"])
        let outcome = LoopStateMachine.Entry(state: .failed, message: "The end.")
        _ = try await fixture.store.save(loop, loop.progress, entries: [outcome], now: fixture.clock.now)
        #expect(try await fixture.store.detail(loop.id).events.last?.message == "The end.")
    }

    @Test func pagesCoverEveryLoopOnce() async throws {
        let fixture = try await LoopFixture()
        let service = fixture.service()
        var opened: [String] = []
        for _ in 0..<3 {
            let loop = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal, force: true)
            opened.append(loop.id)
            try await fixture.settle(service)
            fixture.clock.advance(by: .milliseconds(1))
        }
        var seen: [String] = []
        var token: String?
        repeat {
            let page = try await service.loops(limit: 2, pageToken: token)
            seen += page.loops.map(\.id)
            token = page.nextPageToken
        } while token != nil
        #expect(seen == opened.reversed())
        for limit in [1, LoopLimits.defaultPageSize, LoopLimits.maximumPageSize] {
            #expect(try await service.loops(limit: limit).loops.count == min(limit, 3))
        }
        for limit in [Int.min, 0, LoopLimits.maximumPageSize + 1, .max] {
            await #expect(throws: MartletError.self) { try await service.loops(limit: limit) }
        }
        #expect(try await service.loops(LoopFilter(trigger: "nobody")).loops.isEmpty)
    }

    @Test func durationsOfPhasesAddUp() async throws {
        let fixture = try await LoopFixture()
        let service = fixture.service()
        let loop = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        try await fixture.settle(service)
        let detail = try await service.loop(loop.id)
        let sum = detail.phases.reduce(Duration.zero) { $0 + $1.duration(now: fixture.clock.now) }
        #expect(sum == detail.loop.duration(now: fixture.clock.now))
        #expect(sum > .zero)
    }

    @Test func runAdvancesWhenNudgedAndStopsWhenCancelled() async throws {
        let fixture = try await LoopFixture()
        let service = fixture.service()
        let (entries, heard) = AsyncStream<LoopState>.makeStream()
        let listening = LoopService(
            store: fixture.store,
            actions: fixture.world.actions,
            clock: fixture.clock.clock,
            logger: .init(label: "test"),
            onEntry: { _, entry in heard.yield(entry.state) }
        )
        _ = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await listening.run() }
            for await state in entries {
                if state == .promoted { break }
                listening.nudge()
                fixture.clock.advance(by: LoopLimits.pollInterval)
            }
            group.cancelAll()
            try await group.waitForAll()
        }
        #expect(try await fixture.store.openLoops().isEmpty)
    }
}
