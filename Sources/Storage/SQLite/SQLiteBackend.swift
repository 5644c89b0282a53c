internal import Core
internal import GRDB

/// SQLite in WAL mode with `synchronous=FULL`: a write that returned survives `kill -9` and power loss.
final class SQLiteBackend: DatabaseBackend {
    private let writer: any DatabaseWriter

    private init(writer: any DatabaseWriter) {
        self.writer = writer
    }

    static func open(path: String) throws(MartletError) -> SQLiteBackend {
        do {
            return SQLiteBackend(writer: try DatabasePool(path: path, configuration: configuration()))
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

    func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        do {
            return try await writer.read { try body(Connection(SQLiteConnection($0))) }
        } catch {
            throw SQLiteFailure.translate(error)
        }
    }

    func commit(_ batch: [WriteQueue.Job]) {
        var outcomes: [WriteQueue.Outcome] = []
        do {
            try writer.writeWithoutTransaction { database in
                let connection = Connection(SQLiteConnection(database))
                try database.inTransaction(.immediate) {
                    for job in batch {
                        try database.execute(sql: "SAVEPOINT martlet_write")
                        let outcome = job.run(connection)
                        if outcome.failed { try database.execute(sql: "ROLLBACK TO SAVEPOINT martlet_write") }
                        try database.execute(sql: "RELEASE SAVEPOINT martlet_write")
                        outcomes.append(outcome)
                    }
                    return .commit
                }
            }
            for outcome in outcomes { outcome.committed() }
        } catch {
            let failure = SQLiteFailure.translate(error)
            for outcome in outcomes { outcome.refused(failure) }
            for job in batch.dropFirst(outcomes.count) { job.refused(failure) }
        }
    }

    func close() async throws {
        let writer = writer
        do {
            try await BlockingWork.run { try writer.close() }
        } catch {
            throw SQLiteFailure.translate(error)
        }
    }
}
