internal import Core
internal import Dispatch
internal import GRDB
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
        let run: @Sendable (GRDB.Database) -> Outcome
        let refused: @Sendable (any Error) -> Void
    }

    private struct State {
        var pending: [Job] = []
        var isDraining = false
    }

    private let writer: any DatabaseWriter
    private let state = Mutex(State())
    private let thread = DispatchQueue(label: "martlet.database.writer", qos: .userInitiated)

    init(writer: any DatabaseWriter) {
        self.writer = writer
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
            commit(batch)
        }
    }

    private func commit(_ batch: [Job]) {
        var outcomes: [Outcome] = []
        do {
            try writer.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    for job in batch {
                        try database.execute(sql: "SAVEPOINT martlet_write")
                        let outcome = job.run(database)
                        if outcome.failed { try database.execute(sql: "ROLLBACK TO SAVEPOINT martlet_write") }
                        try database.execute(sql: "RELEASE SAVEPOINT martlet_write")
                        outcomes.append(outcome)
                    }
                    return .commit
                }
            }
            for outcome in outcomes { outcome.committed() }
        } catch {
            for outcome in outcomes { outcome.refused(error) }
            for job in batch.dropFirst(outcomes.count) { job.refused(error) }
        }
    }
}
