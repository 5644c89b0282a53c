internal import Core
internal import GRDB
internal import GRDBSQLite

extension SQLiteBackend {
    /// The file's path; nil in memory.
    var filePath: String? {
        (writer as? DatabasePool)?.path
    }

    /// Runs `body` on the connection that writes, while nobody else writes.
    func alone<T: Sendable>(_ body: @escaping @Sendable (OpaquePointer) throws -> T) async throws -> T {
        let writer = writer
        return try await BlockingWork.run {
            try writer.writeWithoutTransaction { database in
                guard let handle = database.sqliteConnection else {
                    throw MartletError(.unavailable, "The database is closed.")
                }
                return try body(handle)
            }
        }
    }
}
