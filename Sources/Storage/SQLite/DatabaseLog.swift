package import Core
internal import GRDBSQLite

/// The write-ahead log of an SQLite database, for one that ships it elsewhere and therefore decides when it is emptied.
///
/// The method is Litestream's, from within the process that writes: SQLite no longer moves the log into the database by
/// itself; whoever ships does it, while nobody writes and after everything in the log has been taken. SQLite begins the
/// log anew only after that, so that no frame is lost unseen.
package struct DatabaseLog: Sendable {
    private let backend: SQLiteBackend
    private let path: String

    /// A moment of the database: its pages, and where in the log what comes after them begins.
    package struct Moment: Sendable {
        let snapshot: SQLiteSnapshot
        /// Where the log goes on; nil while there is none.
        package let position: LogPosition?
        /// Whether everything before the position has been moved into the database.
        package let isMoved: Bool

        /// Copies the pages to a new file.
        ///
        /// - Throws: as `Database.copy(to:)`.
        package func copy(to path: String) async throws(MartletError) {
            try await Database.copy(snapshot, to: path)
        }
    }

    /// What has come since a position.
    package enum News: Sendable, Equatable {
        /// The log goes on to here; nothing new when it is the same position.
        case until(LogPosition)
        /// The log was begun anew; it starts here.
        case begun(LogPosition)
        /// There is no log yet.
        case none
        /// The log is another one: what lay between has not been seen.
        case lost
    }

    /// The log of a database.
    ///
    /// - Throws: `failedPrecondition` when the database is no SQLite file.
    package init(_ database: Database) throws(MartletError) {
        guard let backend = database.backend as? SQLiteBackend, let path = backend.filePath else {
            throw MartletError(.failedPrecondition, "Only an SQLite database in a file has a log to ship.")
        }
        self.backend = backend
        self.path = path
    }

    /// From now on SQLite does not empty the log by itself.
    package func takeOver() async throws(MartletError) {
        try await automaticCheckpoints(0)
    }

    /// SQLite empties the log by itself again.
    package func release() async throws(MartletError) {
        try await automaticCheckpoints(StorageLimits.checkpointPages)
    }

    private func automaticCheckpoints(_ pages: Int) async throws(MartletError) {
        try await alone { handle in
            _ = sqlite3_wal_autocheckpoint(handle, Int32(clamping: pages))
        }
    }

    /// Holds the present state still, with the position that belongs to it.
    package func moment() async throws(MartletError) -> Moment {
        let path = path
        return try await alone { handle in
            let isMoved = try Self.move(handle)
            let position = try WriteAheadLog.with(database: path) { log -> LogPosition? in
                guard let log, let beginning = try log.beginning() else { return nil }
                return try log.end(from: beginning)
            }
            return Moment(snapshot: try SQLiteSnapshot(path: path), position: position, isMoved: isMoved)
        }
    }

    /// What has come since a position; nil asks from the beginning of the first log.
    package func news(since position: LogPosition?) async throws(MartletError) -> News {
        let path = path
        return try await Database.blocking { try Self.news(path, since: position) }
    }

    private static func news(_ path: String, since position: LogPosition?) throws -> News {
        try WriteAheadLog.with(database: path) { log in
            guard let log, let beginning = try log.beginning() else {
                guard let position else { return .none }
                // A header that is being written is no header for a moment; a log that is gone has no bytes.
                return (log?.fileBytes ?? 0) == 0 ? .lost : .until(position)
            }
            guard let position else { return .begun(beginning) }
            if position.isInSameLog(as: beginning) { return .until(try log.end(from: position)) }
            return position.isFollowed(by: beginning) ? .begun(beginning) : .lost
        }
    }

    /// Bytes of the log from an offset.
    ///
    /// - Throws: `unavailable` when they are not there any more.
    package func read(at offset: Int64, count: Int) async throws(MartletError) -> [UInt8] {
        let path = path
        return try await Database.blocking { try Self.read(path, at: offset, count: count) }
    }

    private static func read(_ path: String, at offset: Int64, count: Int) throws -> [UInt8] {
        let bytes = try WriteAheadLog.with(database: path) { log in try log?.read(at: offset, count: count) ?? [] }
        guard bytes.count == count else {
            throw MartletError(.unavailable, "The database's log is shorter than it was.")
        }
        return bytes
    }

    /// What is in the log when it is moved into the database.
    package struct Rest: Sendable {
        /// Where the log ended.
        package let end: LogPosition
        /// The bytes from the position asked for to the end; nil when there were more than allowed and nothing was moved.
        package let bytes: [UInt8]?
        /// Whether all of it was moved, so that the next write begins the log anew.
        package let isMoved: Bool
    }

    /// Takes what the log holds after a position and moves the log into the database, while nobody writes.
    ///
    /// - Parameters:
    ///   - position: how far the log has been taken.
    ///   - limit: most bytes to take; when there are more, nothing is moved.
    /// - Returns: nil when the log is not the one of the position.
    /// - Throws: `unavailable` when the database is closed or its log cannot be read.
    package func move(after position: LogPosition, limit: Int) async throws(MartletError) -> Rest? {
        let path = path
        return try await alone { handle in
            guard case .until(let end) = try Self.news(path, since: position) else { return nil }
            let count = end.offset - position.offset
            guard count <= Int64(limit) else { return Rest(end: end, bytes: nil, isMoved: false) }
            let bytes = try Self.read(path, at: position.offset, count: Int(count))
            return Rest(end: end, bytes: bytes, isMoved: try Self.move(handle))
        }
    }

    /// Moves what is in the log into the database whether it was taken or not.
    package func move() async throws(MartletError) {
        try await alone { _ = try Self.move($0) }
    }

    /// Moves as much as the readers allow.
    ///
    /// - Returns: whether it was everything.
    private static func move(_ handle: OpaquePointer) throws(MartletError) -> Bool {
        var (frames, moved): (Int32, Int32) = (-1, -1)
        let code = sqlite3_wal_checkpoint_v2(handle, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, &moved)
        guard code == SQLITE_OK || code == SQLITE_BUSY else { throw SQLiteFailure.last(of: handle, code) }
        return code == SQLITE_OK && frames == moved
    }

    private func alone<T: Sendable>(
        _ body: @escaping @Sendable (OpaquePointer) throws -> T
    ) async throws(MartletError) -> T {
        do {
            return try await backend.alone(body)
        } catch {
            throw SQLiteFailure.translate(error)
        }
    }
}
