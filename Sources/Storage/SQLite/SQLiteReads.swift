internal import Dispatch
internal import Synchronization

/// Runs blocking reads on as many threads as there are connections that read; the others wait their turn.
final class SQLiteReads: Sendable {
    private struct State {
        var running = 0
        var waiting: [@Sendable () -> Void] = []
        var next = 0
    }

    private let state = Mutex(State())
    private let threads = DispatchQueue(label: "martlet.database.reader", qos: .userInitiated, attributes: .concurrent)

    /// Runs a read as soon as a thread is free.
    func submit(_ read: @escaping @Sendable () -> Void) {
        let starts = state.withLock { state in
            guard state.running < StorageLimits.readers else {
                state.waiting.append(read)
                return false
            }
            state.running += 1
            return true
        }
        guard starts else { return }
        threads.async {
            read()
            while let next = self.next() { next() }
        }
    }

    private func next() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard state.next < state.waiting.count else {
                state.waiting = []
                state.next = 0
                state.running -= 1
                return nil
            }
            state.next += 1
            return state.waiting[state.next - 1]
        }
    }
}
