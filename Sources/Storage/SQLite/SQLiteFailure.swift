internal import Core
internal import GRDB
internal import GRDBSQLite

/// SQLite's result codes as Martlet's errors.
enum SQLiteFailure {
    /// The error that a call has just returned on a connection.
    static func last(of handle: OpaquePointer, _ code: Int32) -> MartletError {
        // The extended code tells a unique key from a foreign one; both are of the latest call only.
        let extended = sqlite3_extended_errcode(handle)
        let result = DatabaseError(
            resultCode: ResultCode(rawValue: extended & 0xFF == code & 0xFF ? extended : code),
            message: String(cString: sqlite3_errmsg(handle))
        )
        return translate(result)
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
