internal import Core
internal import GRDBSQLite

/// Statements on one SQLite connection, prepared once and kept.
///
/// They run on SQLite's own interface: GRDB opens, pools and closes the connections, but its values, cursors and
/// observation would cost more than the statements of a logging client themselves (docs/decisions/0006).
final class SQLiteConnection: StatementRunner, @unchecked Sendable {
    // Safe because a connection is used by one thread at a time: GRDB hands it out, and takes it back, on its queue.
    private let handle: OpaquePointer
    private var statements: [String: SQLiteStatement] = [:]
    private var latest: (sql: String, statement: SQLiteStatement)?
    private var uses = 0

    init(_ handle: OpaquePointer) {
        self.handle = handle
    }

    func query(_ sql: String, _ arguments: [SQLValue]) throws(MartletError) -> [Row] {
        let statement = try prepared(sql)
        defer { statement.reset() }
        try statement.bind(arguments)
        var rows: [Row] = []
        while try statement.step() {
            if rows.isEmpty { statement.refreshColumns() }
            rows.append(Row(columns: statement.columns, values: statement.values()))
        }
        return rows
    }

    func first(_ sql: String, _ arguments: [SQLValue]) throws(MartletError) -> Row? {
        let statement = try prepared(sql)
        defer { statement.reset() }
        try statement.bind(arguments)
        guard try statement.step() else { return nil }
        statement.refreshColumns()
        return Row(columns: statement.columns, values: statement.values())
    }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws(MartletError) -> Int {
        let statement = try prepared(sql)
        defer { statement.reset() }
        try statement.bind(arguments)
        while try statement.step() {}
        return Int(sqlite3_changes64(handle))
    }

    func forEach(_ sql: String, _ arguments: [SQLValue], _ body: (RowCursor) throws -> Void) throws {
        let statement = try prepared(sql)
        statement.isRunning = true
        defer {
            statement.reset()
            statement.isRunning = false
        }
        try statement.bind(arguments)
        let cursor = RowCursor(statement)
        while try statement.step() { try body(cursor) }
    }

    /// Whether a transaction is open; SQLite ends one by itself when the disk is full or fails.
    var isInTransaction: Bool {
        sqlite3_get_autocommit(handle) == 0
    }

    /// Ends all statements, which must happen before the connection is closed.
    func finalize() {
        statements = [:]
        latest = nil
    }

    private func prepared(_ sql: String) throws(MartletError) -> SQLiteStatement {
        uses &+= 1
        if let latest, !latest.statement.isRunning, latest.sql == sql { return latest.statement }
        if let statement = statements[sql] {
            // The same query within itself: the second one gets a statement of its own.
            guard !statement.isRunning else { return try SQLiteStatement(sql, on: handle) }
            statement.lastUse = uses
            latest = (sql, statement)
            return statement
        }
        let statement = try SQLiteStatement(sql, on: handle)
        if statements.count >= StorageLimits.sqliteStatements { dropOldest() }
        statement.lastUse = uses
        statements[sql] = statement
        latest = (sql, statement)
        return statement
    }

    private func dropOldest() {
        let idle = statements.filter { !$0.value.isRunning }
        guard let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
        statements[oldest.key] = nil
    }
}
