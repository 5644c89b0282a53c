internal import Core
internal import Foundation
internal import GRDBSQLite
internal import Synchronization

/// One state of an SQLite file, held still by a connection of its own while others write on.
// Safe because it is used by one thread at a time: whoever makes it hands it on and does not keep it.
final class SQLiteSnapshot: @unchecked Sendable {
    private let source: OpaquePointer

    /// Begins to hold the present state.
    init(path: String) throws(MartletError) {
        let handle = try Self.open(path, SQLITE_OPEN_READWRITE)
        source = handle
        do throws(MartletError) {
            // A checkpoint of this connection would empty the log under whoever ships it.
            for statement in ["PRAGMA wal_autocheckpoint = 0", "BEGIN", "SELECT COUNT(*) FROM sqlite_master"] {
                try Self.run(statement, on: handle)
            }
        } catch {
            sqlite3_close_v2(handle)
            throw error
        }
    }

    deinit {
        sqlite3_exec(source, "ROLLBACK", nil, nil, nil)
        sqlite3_close_v2(source)
    }

    /// Copies the state to a new file that is on the disk afterwards; looks at `isCancelled` between the steps.
    func copy(to path: String, isCancelled: () -> Bool) throws(MartletError) {
        let created = Foundation.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard created >= 0 else {
            throw MartletError(errno == EEXIST ? .alreadyExists : .unavailable, "The copy's file cannot be created.")
        }
        defer { close(created) }
        let target = try Self.open(path, SQLITE_OPEN_READWRITE)
        defer { sqlite3_close_v2(target) }
        // An interrupted copy is thrown away, so that it needs no journal.
        for statement in ["PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF"] {
            try Self.run(statement, on: target)
        }
        guard let backup = sqlite3_backup_init(target, "main", source, "main") else {
            throw SQLiteFailure.last(of: target, sqlite3_errcode(target))
        }
        var code = SQLITE_OK
        while code == SQLITE_OK, !isCancelled() {
            code = sqlite3_backup_step(backup, StorageLimits.snapshotPages)
        }
        let end = sqlite3_backup_finish(backup)
        guard code == SQLITE_DONE else {
            if isCancelled() { throw MartletError(.cancelled, "The copy of the database was cancelled.") }
            throw SQLiteFailure.last(of: target, end == SQLITE_OK ? code : end)
        }
        guard fsync(created) == 0 else {
            throw MartletError(.unavailable, "The copy could not be written to the disk.")
        }
    }

    private static func open(_ path: String, _ flags: Int32) throws(MartletError) -> OpaquePointer {
        var handle: OpaquePointer?
        let code = sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_FULLMUTEX, nil)
        guard let handle else { throw MartletError(.resourceExhausted, "There is no memory for a connection.") }
        guard code == SQLITE_OK else {
            let failure = SQLiteFailure.last(of: handle, code)
            sqlite3_close_v2(handle)
            throw failure
        }
        sqlite3_busy_timeout(handle, Int32(StorageLimits.busySeconds * 1000))
        return handle
    }

    private static func run(_ statement: String, on handle: OpaquePointer) throws(MartletError) {
        let code = sqlite3_exec(handle, statement, nil, nil, nil)
        guard code == SQLITE_OK else { throw SQLiteFailure.last(of: handle, code) }
    }
}

/// Whether somebody wants a copy to end.
final class SnapshotCancellation: Sendable {
    private let state = Atomic(false)

    /// Whether it shall end.
    var isCancelled: Bool { state.load(ordering: .relaxed) }

    /// Ends it soon.
    func cancel() { state.store(true, ordering: .relaxed) }
}
