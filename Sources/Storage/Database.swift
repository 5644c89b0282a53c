package import Core
internal import GRDB

/// The database: many readers, one writer with group commit, everything acknowledged durable.
///
/// SQLite in WAL mode with `synchronous=FULL`: a write that returned survives `kill -9` and power loss. Writes that
/// arrive while one commits are committed together, each in a savepoint of its own, so that one's failure is its own.
package final class Database: Sendable {
    private let writer: any DatabaseWriter
    private let queue: WriteQueue

    private init(writer: any DatabaseWriter) {
        self.writer = writer
        queue = WriteQueue(writer: writer)
    }

    /// Opens or creates a database file.
    ///
    /// - Throws: `dataLoss` when the file is no database or damaged, `unavailable` when it cannot be opened.
    package static func open(path: String) throws(MartletError) -> Database {
        do {
            let pool = try DatabasePool(path: path, configuration: configuration())
            return Database(writer: pool)
        } catch {
            throw translate(error)
        }
    }

    /// A database that lives as long as the value; for tests and dry runs.
    package static func inMemory() throws(MartletError) -> Database {
        do {
            return Database(writer: try DatabaseQueue(configuration: configuration()))
        } catch {
            throw translate(error)
        }
    }

    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.maximumReaderCount = StorageLimits.readers
        configuration.busyMode = .timeout(StorageLimits.busySeconds)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { database in
            // LIKE tells upper from lower case in PostgreSQL; both databases must answer the same.
            try database.execute(sql: "PRAGMA case_sensitive_like = ON")
            if !database.configuration.readonly {
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
        }
        return configuration
    }

    /// Runs a read on a consistent snapshot, off the cooperative pool.
    package func read<T: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> T
    ) async throws(MartletError) -> T {
        do {
            return try await writer.read { try body(Connection($0)) }
        } catch {
            throw Self.translate(error)
        }
    }

    /// Runs a write, all or nothing; durable when it returns.
    ///
    /// Throwing undoes this closure only.
    ///
    /// - Throws: what `body` throws, or `unavailable` when too many writes wait.
    @discardableResult
    package func write<T: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> T
    ) async throws(MartletError) -> T {
        do {
            return try await withCheckedThrowingContinuation { continuation in
                queue.submit(
                    WriteQueue.Job(
                        run: { database in
                            let result = Result { try body(Connection(database)) }
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
            throw Self.translate(error)
        }
    }

    /// Applies the migrations that have not been applied, in order, each all or nothing.
    ///
    /// - Throws: `failedPrecondition` when the database has migrations that are not in the list: it was written by a
    ///   newer version, and this one must not touch it.
    package func migrate(_ migrations: [Migration], now: Timestamp = Clock.system.now) async throws(MartletError) {
        try await write { connection in
            try connection.execute(
                "CREATE TABLE IF NOT EXISTS martlet_migrations (id TEXT PRIMARY KEY, applied_at BIGINT NOT NULL)"
            )
        }
        let applied = try await read { connection in
            Set(try connection.query("SELECT id FROM martlet_migrations").map { try $0.text("id") })
        }
        let unknown = applied.subtracting(migrations.map(\.id)).sorted()
        guard unknown.isEmpty else {
            throw MartletError(
                .failedPrecondition,
                "The database has the newer schema step '\(unknown[0])'; start it with the newer version of martlet."
            )
        }
        for migration in migrations where !applied.contains(migration.id) {
            try await write { connection in
                for statement in migration.statements { try connection.execute(statement) }
                try connection.execute(
                    "INSERT INTO martlet_migrations (id, applied_at) VALUES (?, ?)",
                    [.text(migration.id), .integer(now.milliseconds)]
                )
            }
        }
    }

    /// Waits for the writes under way and closes the connections.
    package func close() async throws(MartletError) {
        let writer = writer
        do {
            try await BlockingWork.run { try writer.close() }
        } catch {
            throw Self.translate(error)
        }
    }

    static func translate(_ error: any Error) -> MartletError {
        if let error = error as? MartletError { return error }
        guard let failure = error as? DatabaseError else { return MartletError.wrapping(error) }
        switch (failure.resultCode, failure.extendedResultCode) {
        case (_, .SQLITE_CONSTRAINT_UNIQUE), (_, .SQLITE_CONSTRAINT_PRIMARYKEY):
            return MartletError(.alreadyExists, "A record with the same key exists already.", cause: failure)
        case (_, .SQLITE_CONSTRAINT_FOREIGNKEY):
            return MartletError(
                .failedPrecondition,
                "The record is referred to by, or refers to, another.",
                cause: failure
            )
        case (.SQLITE_BUSY, _), (.SQLITE_LOCKED, _):
            return MartletError(.unavailable, "The database is busy; try again.", cause: failure)
        case (.SQLITE_FULL, _):
            return MartletError(.resourceExhausted, "The disk is full; free some space and try again.", cause: failure)
        case (.SQLITE_CORRUPT, _), (.SQLITE_NOTADB, _):
            return MartletError(
                .dataLoss,
                "The database file is damaged or no database; restore it from a backup.",
                cause: failure
            )
        case (.SQLITE_CANTOPEN, _), (.SQLITE_READONLY, _), (.SQLITE_IOERR, _):
            return MartletError(.unavailable, "The database cannot be opened or written.", cause: failure)
        default:
            return MartletError(.internal, "The database refused a statement.", cause: failure)
        }
    }
}

extension Result {
    fileprivate var isFailure: Bool {
        if case .failure = self { true } else { false }
    }
}
