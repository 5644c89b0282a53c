import Synchronization

/// Those who wait for runs to end, woken by the driver.
final class RunWaiters: Sendable {
    private struct State {
        var waiters: [String: [Int: AsyncStream<Void>.Continuation]] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    /// A stream that ends when the run does, or when its consumer's task is cancelled.
    func stream(for run: String) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.next += 1
            state.waiters[run, default: [:]][state.next] = continuation
            return state.next
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in
                state.waiters[run]?[id] = nil
                if state.waiters[run]?.isEmpty == true { state.waiters[run] = nil }
            }
        }
        return stream
    }

    /// Wakes all who wait for the run.
    func wake(_ run: String) {
        let waiting = state.withLock { $0.waiters.removeValue(forKey: run) ?? [:] }
        for continuation in waiting.values { continuation.finish() }
    }
}
