import Core
import Logging
import Loop
import Synchronization
import TestSupport
import Testing

/// Clocks that go back: nothing waits for ever, nothing happens twice.
@Suite(.overEveryDatabase)
struct LoopClockTests {
    @Test func aRetryThatLiesTooFarAheadIsDueNow() {
        var machine = LoopStateMachineTests.machine(.gating)
        let now = LoopStateMachineTests.start
        _ = machine.handle(.effectFailed(message: "busy", transient: true), now: now)
        #expect(machine.handle(.tick, now: now).isEmpty)
        #expect(machine.handle(.tick, now: now - .seconds(59)).isEmpty)
        #expect(machine.handle(.tick, now: now - .seconds(60)).count == 1)
    }

    @Test func guardsForgetWhatAWrongClockWrote() {
        let now = TriggerStateMachineTests.now
        let far = now + LoopLimits.clockTolerance + .milliseconds(1)
        typealias History = TriggerStateMachine.History
        let opens = [TriggerStateMachine.Action.open(TriggerStateMachineTests.signal)]
        #expect(TriggerStateMachineTests.answer(History(lastFinishedAt: far)) == opens)
        #expect(TriggerStateMachineTests.answer(History(openedAt: [far, far, far])) == opens)
        let near = now + LoopLimits.clockTolerance
        #expect(TriggerStateMachineTests.answer(History(lastFinishedAt: near)) != opens)
        #expect(TriggerStateMachineTests.answer(History(openedAt: [near, near])) != opens)
    }

    @Test func aLoopThatWasOpenedInTheFutureComesToItsEnd() async throws {
        let fixture = try await LoopFixture()
        fixture.clock.advance(by: .seconds(10 * 86_400))
        let loop = try await fixture.service().fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
        await fixture.service().advance()
        let past = ManualClock()
        let service = LoopService(
            store: fixture.store,
            actions: fixture.world.actions,
            clock: past.clock,
            logger: .init(label: "test")
        )
        for _ in 0..<20 {
            await service.advance()
            past.advance(by: .seconds(1))
        }
        let detail = try await service.loop(loop.id)
        #expect(detail.loop.progress.state == .promoted)
        #expect(detail.loop.duration(now: past.clock.now) == .zero)
        #expect(detail.phases.allSatisfy { $0.duration(now: past.clock.now) >= .zero })
        // The end lies in the past of its own beginning; the next loop is held by its cool-down only.
        past.advance(by: .seconds(61))
        _ = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
    }

    @Test func theDatabaseMayBeAwayForAnyCommit() async throws {
        for count in 1...6 {
            let fixture = try await LoopFixture()
            let service = fixture.service()
            let loop = try await service.fire(trigger: "cancer-retrain", signal: LoopFixture.signal)
            for _ in 0..<60 where try await !fixture.store.openLoops().isEmpty {
                fixture.world.state.withLock { $0.storeFailures = $0.calls.count.isMultiple(of: 2) ? 0 : count % 3 }
                await service.advance()
                fixture.clock.advance(by: .seconds(1))
            }
            let state = fixture.world.state.withLock { $0 }
            #expect(try await service.loop(loop.id).loop.progress.state == .promoted)
            #expect(state.runs.count == 1 && state.versions.count == 1 && state.aliasMoves == [2])
        }
    }
}
