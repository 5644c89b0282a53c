internal import Core
internal import GRDBSQLite

/// A prepared statement of one connection; used by one thread at a time.
final class SQLiteStatement {
    /// The names of the result's columns.
    private(set) var columns: [String]
    /// Whether a query stands in the middle of its rows.
    var isRunning = false
    /// When it was last used, on the clock of its cache.
    var lastUse = 0
    private let pointer: OpaquePointer
    private let handle: OpaquePointer

    /// Makes SQLite copy what is bound.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    init(_ sql: String, on handle: OpaquePointer) throws(MartletError) {
        var pointer: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &pointer, nil)
        guard code == SQLITE_OK, let pointer else { throw SQLiteFailure.last(of: handle, code) }
        self.pointer = pointer
        self.handle = handle
        columns = Self.names(pointer)
    }

    deinit {
        sqlite3_finalize(pointer)
    }

    private static func names(_ pointer: OpaquePointer) -> [String] {
        (0..<sqlite3_column_count(pointer)).map { index in
            sqlite3_column_name(pointer, index).map { String(cString: $0) } ?? ""
        }
    }

    /// Binds a value to every placeholder.
    func bind(_ arguments: [SQLValue]) throws(MartletError) {
        guard Int(sqlite3_bind_parameter_count(pointer)) == arguments.count else {
            throw MartletError(
                .internal,
                "A statement has \(sqlite3_bind_parameter_count(pointer)) placeholders for \(arguments.count) values."
            )
        }
        for index in arguments.indices {
            let code = bind(arguments[index], at: Int32(truncatingIfNeeded: index &+ 1))
            guard code == SQLITE_OK else { throw SQLiteFailure.last(of: handle, code) }
        }
    }

    private func bind(_ value: SQLValue, at position: Int32) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(pointer, position)
        case .integer(let value): return sqlite3_bind_int64(pointer, position, value)
        case .real(let value): return sqlite3_bind_double(pointer, position, value)
        case .text(var text):
            return text.withUTF8 { bytes in
                guard let start = bytes.baseAddress else {
                    return sqlite3_bind_text(pointer, position, "", 0, Self.copied)
                }
                let characters = UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self)
                return sqlite3_bind_text64(
                    pointer,
                    position,
                    characters,
                    UInt64(bytes.count),
                    Self.copied,
                    UInt8(SQLITE_UTF8)
                )
            }
        case .blob(let bytes):
            return bytes.withUnsafeBytes { buffer in
                guard let start = buffer.baseAddress, !buffer.isEmpty else {
                    return sqlite3_bind_zeroblob(pointer, position, 0)
                }
                return sqlite3_bind_blob64(pointer, position, start, UInt64(buffer.count), Self.copied)
            }
        }
    }

    /// Goes to the next row; false at the end.
    func step() throws(MartletError) -> Bool {
        let code = sqlite3_step(pointer)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw SQLiteFailure.last(of: handle, code)
        }
    }

    /// Reads the names of the columns again if the schema has changed under the statement.
    func refreshColumns() {
        if Int(sqlite3_column_count(pointer)) != columns.count { columns = Self.names(pointer) }
    }

    /// Ends the query and forgets what was bound.
    func reset() {
        sqlite3_reset(pointer)
        sqlite3_clear_bindings(pointer)
    }

    /// The values of the row.
    func values() -> [SQLValue] {
        let count = columns.count
        return [SQLValue](unsafeUninitializedCapacity: count) { buffer, initialized in
            for index in 0..<count {
                buffer.initializeElement(at: index, to: value(Int32(truncatingIfNeeded: index)))
            }
            initialized = count
        }
    }

    /// The value of a column of the row; NULL past the last.
    func value(_ index: Int32) -> SQLValue {
        switch sqlite3_column_type(pointer, index) {
        case SQLITE_INTEGER: .integer(sqlite3_column_int64(pointer, index))
        case SQLITE_FLOAT: .real(sqlite3_column_double(pointer, index))
        case SQLITE_TEXT: .text(text(index))
        case SQLITE_BLOB: .blob(blob(index))
        default: .null
        }
    }

    private func text(_ index: Int32) -> String {
        guard let start = sqlite3_column_text(pointer, index) else { return "" }
        let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(pointer, index)))
        return String(decoding: bytes, as: UTF8.self)
    }

    private func blob(_ index: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(pointer, index) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(pointer, index))))
    }
}
