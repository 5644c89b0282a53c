package import Core

/// Access to the database inside one `read` or `write`; do not let it escape.
package struct Connection {
    private let runner: any StatementRunner
    private let notes: ChangeNotes?

    init(_ runner: any StatementRunner, notes: ChangeNotes? = nil) {
        self.runner = runner
        self.notes = notes
    }

    /// The same connection, on which changes are noted.
    func noting(_ notes: ChangeNotes) -> Connection {
        Connection(runner, notes: notes)
    }

    /// Says in words what this write changes, for the record of it; without effect when none is kept.
    package func note(_ change: @autoclosure () -> Change) {
        if let notes { notes.add(change()) }
    }

    /// Runs a query with `?` placeholders and returns all rows.
    package func query(_ sql: String, _ arguments: [SQLValue] = []) throws(MartletError) -> [Row] {
        try Self.check(arguments)
        return try runner.query(sql, arguments)
    }

    /// Runs a query and returns its first row.
    package func first(_ sql: String, _ arguments: [SQLValue] = []) throws(MartletError) -> Row? {
        try Self.check(arguments)
        return try runner.first(sql, arguments)
    }

    /// Runs a statement and returns how many rows it changed.
    @discardableResult
    package func execute(_ sql: String, _ arguments: [SQLValue] = []) throws(MartletError) -> Int {
        try Self.check(arguments)
        let count = try runner.execute(sql, arguments)
        notes?.add(rows: count)
        return count
    }

    /// Runs `body` for every row of a query, without keeping them: for results that are long or read at once.
    package func forEach(
        _ sql: String,
        _ arguments: [SQLValue] = [],
        _ body: (RowCursor) throws -> Void
    ) throws {
        try Self.check(arguments)
        try runner.forEach(sql, arguments, body)
    }

    private static func check(_ arguments: [SQLValue]) throws(MartletError) {
        guard arguments.count <= StorageLimits.boundValues else {
            throw MartletError(
                .invalidArgument,
                "A statement takes at most \(StorageLimits.boundValues) values, not \(arguments.count)."
            )
        }
    }
}
