package import Core
internal import Synchronization

/// The database: many readers, one writer with group commit, everything acknowledged durable.
///
/// Writes that arrive while one commits are committed together, each in a savepoint of its own, so that one's failure
/// is its own.
package final class Database: Sendable {
    let backend: any DatabaseBackend
    private let queue: WriteQueue
    let recorder = Mutex<ChangeRecorder?>(nil)
    /// Who runs what must run once, of the processes that share the database.
    package let leadership: Leadership

    init(backend: any DatabaseBackend) {
        self.backend = backend
        leadership = Leadership(lock: backend.leaderLock)
        queue = WriteQueue(backend: backend)
    }

    /// Which SQL it understands beyond the common subset.
    package var dialect: Dialect { backend.dialect }

    /// Opens or creates an SQLite file.
    ///
    /// - Throws: `dataLoss` when the file is no database or damaged, `unavailable` when it cannot be opened.
    package static func open(path: String) throws(MartletError) -> Database {
        Database(backend: try SQLiteBackend.open(path: path))
    }

    /// An SQLite database that lives as long as the value; for tests and dry runs.
    package static func inMemory() throws(MartletError) -> Database {
        Database(backend: try SQLiteBackend.inMemory())
    }

    /// Runs a read on a consistent snapshot, off the cooperative pool.
    package func read<T: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> T
    ) async throws(MartletError) -> T {
        do {
            return try await backend.read(body)
        } catch {
            throw MartletError.wrapping(error)
        }
    }

    /// Runs a write, all or nothing; durable when it returns.
    ///
    /// Throwing undoes this closure only. Under a `ChangeContext` the change is recorded in the same transaction.
    ///
    /// - Throws: what `body` throws, or `unavailable` when too many writes wait.
    @discardableResult
    package func write<T: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> T
    ) async throws(MartletError) -> T {
        let context = ChangeContext.current
        let recorder = context == nil ? nil : recorder.withLock { $0 }
        do {
            return try await withCheckedThrowingContinuation { continuation in
                queue.submit(
                    WriteQueue.Job(
                        run: { connection in
                            let result = Result { try Self.recording(context, recorder, connection, body) }
                            return WriteQueue.Outcome(
                                failed: result.isFailure,
                                committed: { continuation.resume(with: result) },
                                refused: { continuation.resume(throwing: $0) }
                            )
                        },
                        refused: { continuation.resume(throwing: $0) }
                    )
                )
            }
        } catch {
            throw MartletError.wrapping(error)
        }
    }

    /// Waits for the writes under way and closes the connections.
    package func close() async throws(MartletError) {
        leadership.end()
        do {
            try await backend.close()
        } catch {
            throw MartletError.wrapping(error)
        }
    }
}

extension Result {
    fileprivate var isFailure: Bool {
        if case .failure = self { true } else { false }
    }
}
