import Core
import Pipelines
import Testing

/// Every state with every event.
struct TaskStateMachineTests {
    private typealias Machine = TaskStateMachine
    private static let now = Timestamp(milliseconds: 1_000_000)

    private static func machine(_ state: Machine.State, retries: Int = 1, failures: Int = 0, losses: Int = 0) -> Machine
    {
        Machine(
            retry: RetryRule(limit: retries, backoff: .seconds(2)),
            timeout: .seconds(10),
            state: state,
            failures: failures,
            losses: losses
        )
    }

    private static let states: [Machine.State] = [
        .waiting(attempt: 2), .running(attempt: 2, deadline: now + .seconds(10)),
        .stopping(attempt: 2, reason: .timeout), .stopping(attempt: 2, reason: .cancel),
        .pausing(attempt: 2, until: now + .seconds(1)), .done(.succeeded), .done(.failed), .done(.skipped),
        .done(.cancelled),
    ]

    private static let events: [Machine.Event] = [
        .start, .succeeded(attempt: 2), .succeeded(attempt: 1), .failed(attempt: 2, message: "no", isFinal: false),
        .failed(attempt: 2, message: "no", isFinal: true), .failed(attempt: 1, message: "no", isFinal: false),
        .lost(attempt: 2), .lost(attempt: 1), .cancel, .skip(because: "a"), .tick,
    ]

    /// What each pair does, for those that do something.
    private static func expected(_ state: Machine.State, _ event: Machine.Event) -> (Machine.State, [Machine.Action])? {
        let retry = now + .seconds(2)
        let late = "The task ran longer than its timeout of 10.0 s."
        switch (state, event) {
        case (.waiting, .start): return (.running(attempt: 2, deadline: now + .seconds(10)), [.start(attempt: 2)])
        case (.waiting, .cancel), (.pausing, .cancel):
            return (.done(.cancelled), [.drop(attempt: 2, state: .cancelled, message: nil)])
        case (.waiting, .skip):
            let message = "The task 'a' did not succeed."
            return (.done(.skipped), [.drop(attempt: 2, state: .skipped, message: message)])
        case (.running, .succeeded(2)):
            return (.done(.succeeded), [.end(attempt: 2, state: .succeeded, message: nil)])
        case (.running, .failed(2, _, false)):
            let end = Machine.Action.end(attempt: 2, state: .failed, message: "no")
            return (.pausing(attempt: 3, until: retry), [end, .plan(attempt: 3, at: retry)])
        case (.running, .failed(2, _, true)):
            return (.done(.failed), [.end(attempt: 2, state: .failed, message: "no")])
        case (.running, .lost(2)):
            let message = "The server ended while the task ran; it is tried again."
            let end = Machine.Action.end(attempt: 2, state: .lost, message: message)
            return (.pausing(attempt: 3, until: now), [end, .plan(attempt: 3, at: now)])
        case (.running, .cancel):
            return (.stopping(attempt: 2, reason: .cancel), [.stop(attempt: 2, reason: .cancel)])
        case (.stopping(_, .timeout), .cancel): return (.stopping(attempt: 2, reason: .cancel), [])
        case (.stopping(_, .timeout), .succeeded(2)), (.stopping(_, .timeout), .failed(2, _, _)),
            (.stopping(_, .timeout), .lost(2)):
            let end = Machine.Action.end(attempt: 2, state: .failed, message: late)
            return (.pausing(attempt: 3, until: retry), [end, .plan(attempt: 3, at: retry)])
        case (.stopping(_, .cancel), .succeeded(2)), (.stopping(_, .cancel), .failed(2, _, _)),
            (.stopping(_, .cancel), .lost(2)):
            return (.done(.cancelled), [.end(attempt: 2, state: .cancelled, message: "The run was cancelled.")])
        default: return nil
        }
    }

    @Test func everyStateWithEveryEvent() {
        for state in Self.states {
            for event in Self.events {
                var machine = Self.machine(state)
                let actions = machine.handle(event, now: Self.now)
                let (next, wanted) = Self.expected(state, event) ?? (state, [])
                #expect(machine.state == next, "\(state) with \(event)")
                #expect(actions == wanted, "\(state) with \(event)")
            }
        }
    }

    @Test func theDeadlineStopsAtItsMomentAndNotBefore() {
        var machine = Self.machine(.running(attempt: 1, deadline: Self.now))
        #expect(machine.handle(.tick, now: Self.now - .milliseconds(1)) == [])
        #expect(machine.handle(.tick, now: Self.now) == [.stop(attempt: 1, reason: .timeout)])
        #expect(machine.wakesAt == nil)
    }

    @Test func thePauseEndsAtItsMomentAndNotBefore() {
        var machine = Self.machine(.pausing(attempt: 2, until: Self.now))
        #expect(machine.wakesAt == Self.now)
        #expect(machine.handle(.tick, now: Self.now - .milliseconds(1)) == [])
        #expect(machine.handle(.tick, now: Self.now) == [])
        #expect(machine.state == .waiting(attempt: 2))
    }

    @Test func retriesAreCountedAndPausesDouble() {
        var machine = Machine(retry: RetryRule(limit: 3, backoff: .seconds(2)), timeout: .seconds(10))
        var pauses: [Int64] = []
        for attempt in 1...4 {
            #expect(machine.handle(.start, now: Self.now) == [.start(attempt: attempt)])
            let event = Machine.Event.failed(attempt: attempt, message: "no", isFinal: false)
            for case .plan(_, let at) in machine.handle(event, now: Self.now) {
                pauses.append((at - Self.now).wholeMilliseconds)
                _ = machine.handle(.tick, now: at)
            }
        }
        #expect(pauses == [2000, 4000, 8000])
        #expect(machine.state == .done(.failed))
        #expect(machine.failures == 4)
    }

    @Test func thePauseIsBounded() {
        let retries = Int(PipelinesLimits.retries)
        var machine = Self.machine(.running(attempt: 9, deadline: Self.now), retries: retries, failures: retries - 1)
        let actions = machine.handle(.failed(attempt: 9, message: "no", isFinal: false), now: Self.now)
        #expect(actions.last == .plan(attempt: 10, at: Self.now + PipelinesLimits.longestBackoff))
    }

    @Test func oneLossIsFreeAndTheNextCountsAsAFailure() {
        var machine = Self.machine(.running(attempt: 2, deadline: Self.now), retries: 0, losses: 1)
        let actions = machine.handle(.lost(attempt: 2), now: Self.now)
        #expect(machine.state == .done(.failed))
        #expect(
            actions == [
                .end(attempt: 2, state: .failed, message: "The server ended while the task ran, 2 times.")
            ]
        )
    }
}
