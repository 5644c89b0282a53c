internal import CPostgres
internal import Core
internal import Foundation

/// PostgreSQL: a read is a snapshot on one of a few connections, and writes go through one.
final class PostgresBackend: DatabaseBackend {
    let connector: PostgresConnector
    private let readers: PostgresReaders
    private let writer: PostgresWriter
    let leaderLock: (any LeaderLock)?
    let dialect = Dialect.postgres

    private init(connector: PostgresConnector) {
        self.connector = connector
        readers = PostgresReaders(connector: connector)
        writer = PostgresWriter(connector: connector)
        leaderLock = PostgresLeaderLock(connector: connector)
    }

    /// Connects once, so that what is wrong with the address or the server is told at the start.
    ///
    /// A server that is starting is waited for.
    static func open(_ address: PostgresAddress) throws(MartletError) -> PostgresBackend {
        martlet_postgres_hide_passwords()
        let backend = PostgresBackend(connector: PostgresConnector(address: address))
        let deadline = Date.now + StorageLimits.openSeconds
        while true {
            do throws(MartletError) {
                let session = try PostgresSession.open(
                    address,
                    within: StorageLimits.openSeconds,
                    answerSeconds: StorageLimits.readSeconds
                )
                backend.readers.put(session)
                return backend
            } catch {
                // SQLSTATE 57P03, which the library gives as text only.
                guard error.message.contains("starting up"), Date.now < deadline else { throw error }
                Thread.sleep(forTimeInterval: StorageLimits.reconnectSeconds)
            }
        }
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        try await readers.admit()
        defer { readers.leave() }
        let readers = readers
        return try await BlockingWork.run {
            let reader = PostgresReader(readers: readers)
            defer { reader.finish() }
            return try body(Connection(reader))
        }
    }

    func commit(_ batch: [WriteQueue.Job]) {
        writer.commit(batch)
    }

    func close() async throws {
        readers.close()
        let writer = writer
        try await BlockingWork.run { writer.close() }
    }
}
