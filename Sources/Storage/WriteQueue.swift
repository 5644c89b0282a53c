internal import Core
internal import Dispatch
internal import Synchronization

/// Collects writes and commits those that wait together: one sync of the disk for many acknowledgements.
final class WriteQueue: Sendable {
    /// What came of one write inside the common transaction; exactly one of the two closures is called.
    struct Outcome {
        let failed: Bool
        let committed: () -> Void
        let refused: (any Error) -> Void
    }

    /// One write that waits.
    struct Job: Sendable {
        let run: @Sendable (Connection) -> Outcome
        let refused: @Sendable (any Error) -> Void
    }

    private struct State {
        var pending: [Job] = []
        var isDraining = false
    }

    private let backend: any DatabaseBackend
    private let state = Mutex(State())
    private let thread = DispatchQueue(label: "martlet.database.writer", qos: .userInitiated)

    init(backend: any DatabaseBackend) {
        self.backend = backend
    }

    /// Queues a write; it runs on the writer's thread, together with others that wait.
    func submit(_ job: Job) {
        enum Next { case start, wait, refuse }
        let next = state.withLock { state -> Next in
            guard state.pending.count < StorageLimits.pendingWrites else { return .refuse }
            state.pending.append(job)
            guard !state.isDraining else { return .wait }
            state.isDraining = true
            return .start
        }
        switch next {
        case .start: thread.async { self.drain() }
        case .wait: break
        case .refuse: job.refused(MartletError(.unavailable, "Too many writes are waiting; try again."))
        }
    }

    private func drain() {
        while true {
            let batch = state.withLock { state -> [Job] in
                let batch = Array(state.pending.prefix(StorageLimits.writesPerCommit))
                state.pending.removeFirst(batch.count)
                if batch.isEmpty { state.isDraining = false }
                return batch
            }
            if batch.isEmpty { return }
            backend.commit(batch)
        }
    }
}
