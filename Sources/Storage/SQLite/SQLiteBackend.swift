internal import Core
internal import GRDB

/// SQLite in WAL mode with `synchronous=FULL`: a write that returned survives `kill -9` and power loss.
final class SQLiteBackend: DatabaseBackend {
    let writer: any DatabaseWriter
    private let connections = SQLiteConnections()
    private let reads = SQLiteReads()

    let dialect = Dialect.sqlite

    init(writer: any DatabaseWriter) {
        self.writer = writer
    }

    static func open(path: String) throws(MartletError) -> SQLiteBackend {
        do {
            let pool = try DatabasePool(path: path, configuration: configuration())
            // The pool goes back to NORMAL when it turns the write-ahead log on; that may forget the last commits when
            // the power fails.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            return SQLiteBackend(writer: pool)
        } catch {
            throw SQLiteFailure.translate(error)
        }
    }

    static func inMemory() throws(MartletError) -> SQLiteBackend {
        do {
            return SQLiteBackend(writer: try DatabaseQueue(configuration: configuration()))
        } catch {
            throw SQLiteFailure.translate(error)
        }
    }

    static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.maximumReaderCount = StorageLimits.readers
        configuration.busyMode = .timeout(StorageLimits.busySeconds)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { database in
            // LIKE tells upper from lower case in PostgreSQL; both databases must answer the same.
            try database.execute(sql: "PRAGMA case_sensitive_like = ON")
            if !database.configuration.readonly {
                // Savepoints of large writes would spill to temporary files.
                try database.execute(sql: "PRAGMA temp_store = MEMORY")
                try database.execute(sql: "PRAGMA wal_autocheckpoint = \(StorageLimits.checkpointPages)")
            }
            let pages = database.configuration.readonly ? StorageLimits.readerCacheKiB : StorageLimits.writerCacheKiB
            try database.execute(sql: "PRAGMA cache_size = -\(pages)")
        }
        return configuration
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        do {
            guard let pool = writer as? DatabasePool else {
                return try await writer.read { [connections] in
                    try body(Connection(connections.connection(of: $0)))
                }
            }
            return try await withCheckedThrowingContinuation { continuation in
                reads.submit { [connections] in
                    continuation.resume(
                        with: Result {
                            // GRDB's own `read` would ask for the schema's version every time.
                            try pool.unsafeRead { database in
                                try Self.snapshot(connections.connection(of: database), body)
                            }
                        }
                    )
                }
            }
        } catch {
            throw SQLiteFailure.translate(error)
        }
    }

    /// Runs a read in a transaction: all its statements see one state of the database.
    private static func snapshot<T>(
        _ connection: SQLiteConnection,
        _ body: @Sendable (Connection) throws -> T
    ) throws -> T {
        _ = try connection.execute("BEGIN", [])
        do {
            let result = try body(Connection(connection))
            _ = try connection.execute("COMMIT", [])
            return result
        } catch {
            if connection.isInTransaction { _ = try connection.execute("ROLLBACK", []) }
            throw error
        }
    }

    func commit(_ batch: [WriteQueue.Job]) {
        var outcomes: [WriteQueue.Outcome] = []
        do {
            try writer.writeWithoutTransaction { database in
                let connection = try connections.connection(of: database)
                _ = try connection.execute("BEGIN IMMEDIATE", [])
                do {
                    try Self.run(batch, on: connection, &outcomes)
                } catch {
                    if connection.isInTransaction { _ = try connection.execute("ROLLBACK", []) }
                    throw error
                }
            }
            for outcome in outcomes { outcome.committed() }
        } catch {
            let failure = SQLiteFailure.translate(error)
            for outcome in outcomes { outcome.refused(failure) }
            for job in batch.dropFirst(outcomes.count) { job.refused(failure) }
        }
    }

    /// Runs the jobs in the open transaction and commits it.
    private static func run(
        _ batch: [WriteQueue.Job],
        on connection: SQLiteConnection,
        _ outcomes: inout [WriteQueue.Outcome]
    ) throws(MartletError) {
        let shared = Connection(connection)
        guard batch.count > 1 else {
            // A write that is alone needs no savepoint: the transaction is its own.
            outcomes = batch.map { $0.run(shared) }
            guard outcomes.contains(where: \.failed) else {
                _ = try connection.execute("COMMIT", [])
                return
            }
            if connection.isInTransaction { _ = try connection.execute("ROLLBACK", []) }
            return
        }
        for job in batch {
            _ = try connection.execute("SAVEPOINT martlet_write", [])
            let outcome = job.run(shared)
            if outcome.failed { _ = try connection.execute("ROLLBACK TO SAVEPOINT martlet_write", []) }
            _ = try connection.execute("RELEASE SAVEPOINT martlet_write", [])
            outcomes.append(outcome)
        }
        _ = try connection.execute("COMMIT", [])
    }

    func close() async throws {
        let (writer, connections) = (writer, connections)
        do {
            try await BlockingWork.run {
                try writer.barrierWriteWithoutTransaction { _ in connections.finalize() }
                try writer.close()
            }
        } catch {
            throw SQLiteFailure.translate(error)
        }
    }
}
