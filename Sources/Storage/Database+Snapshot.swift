package import Core

extension Database {
    /// The path of the SQLite file; nil in memory and on PostgreSQL.
    package var filePath: String? {
        (backend as? SQLiteBackend)?.filePath
    }

    /// Copies the SQLite database as it is at this moment to a new file, page by page; writers and readers go on.
    ///
    /// The copy is on the disk when this returns. Cancelling the task ends it.
    ///
    /// - Parameter path: of a file that does not exist yet.
    /// - Throws: `failedPrecondition` when the database is no file, `alreadyExists` when the copy's path is taken,
    ///   `storageFull` when there is no room.
    package func copy(to path: String) async throws(MartletError) {
        let source = try file()
        try await Self.copy(try await Self.blocking { () in try SQLiteSnapshot(path: source) }, to: path)
    }

    /// Copies what a snapshot holds still.
    static func copy(_ snapshot: SQLiteSnapshot, to path: String) async throws(MartletError) {
        let cancellation = SnapshotCancellation()
        do {
            try await withTaskCancellationHandler {
                try await BlockingWork.run { try snapshot.copy(to: path) { cancellation.isCancelled } }
            } onCancel: {
                cancellation.cancel()
            }
        } catch {
            throw MartletError.wrapping(error)
        }
    }

    /// What SQLite's integrity check finds wrong, at most ten things; empty for a database that is whole, and on
    /// PostgreSQL, which checks its pages itself.
    package func problems(_ connection: Connection) throws -> [String] {
        guard dialect == .sqlite else { return [] }
        return try connection.query("PRAGMA integrity_check(10)").compactMap { row in
            if case .text(let text) = row[at: 0], text != "ok" { text } else { nil }
        }
    }

    func file() throws(MartletError) -> String {
        guard let filePath else {
            throw MartletError(.failedPrecondition, "Only a database in a file can be copied page by page.")
        }
        return filePath
    }

    static func blocking<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws(MartletError) -> T {
        do {
            return try await BlockingWork.run(body)
        } catch {
            throw MartletError.wrapping(error)
        }
    }
}
