package import Core
import Synchronization

/// A clock that tests move by hand; sleepers wake when the time has come.
package final class ManualClock: Sendable {
    private struct Sleeper {
        let id: UInt64
        let wakesAt: Timestamp
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Timestamp
        var sleepers: [Sleeper] = []
        var cancelled: Set<UInt64> = []
        var nextID: UInt64 = 0
    }

    private let state: Mutex<State>

    /// Starts at `now`; by default 2026-01-01T00:00:00Z.
    package init(now: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) {
        state = Mutex(State(now: now))
    }

    /// The clock to hand to what is tested.
    package var clock: Clock {
        Clock(now: { self.now }, sleep: { try await self.sleep(for: $0) })
    }

    /// The present moment.
    package var now: Timestamp {
        state.withLock { $0.now }
    }

    /// How many sleep.
    package var sleeperCount: Int {
        state.withLock { $0.sleepers.count }
    }

    /// Moves the time and wakes those whose time has come.
    package func advance(by duration: Duration) {
        let due = state.withLock { state -> [Sleeper] in
            state.now = state.now + duration
            let now = state.now
            let due = state.sleepers.filter { $0.wakesAt <= now }
            state.sleepers.removeAll { $0.wakesAt <= now }
            return due
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    private func sleep(for duration: Duration) async throws {
        let id = state.withLock { state -> UInt64 in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let wasCancelled = state.withLock { state -> Bool in
                    if state.cancelled.remove(id) != nil { return true }
                    let sleeper = Sleeper(id: id, wakesAt: state.now + duration, continuation: continuation)
                    state.sleepers.append(sleeper)
                    return false
                }
                if wasCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.sleepers.remove(at: index)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}
