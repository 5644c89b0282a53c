internal import Core

/// One kind of database behind `Database`: where reads run and how a batch of writes is committed.
protocol DatabaseBackend: Sendable {
    /// Runs `body` on a consistent snapshot, off the cooperative pool.
    func read<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T

    /// Runs the jobs in one transaction, each undone alone when it fails, and tells each what came of it.
    ///
    /// Called on the writer's thread, one batch at a time.
    func commit(_ batch: [WriteQueue.Job])

    /// Which SQL it understands beyond the common subset.
    var dialect: Dialect { get }

    /// The lock that one of several processes on the database holds; nil when only one can use it.
    var leaderLock: (any LeaderLock)? { get }

    /// Waits for what is under way and closes the connections.
    func close() async throws
}

extension DatabaseBackend {
    var leaderLock: (any LeaderLock)? { nil }
}

/// Runs the statements of one transaction on one connection; used by one thread at a time.
protocol StatementRunner: AnyObject {
    /// All rows of a query.
    func query(_ sql: String, _ arguments: [SQLValue]) throws(MartletError) -> [Row]

    /// The first row of a query.
    func first(_ sql: String, _ arguments: [SQLValue]) throws(MartletError) -> Row?

    /// How many rows the statement changed.
    func execute(_ sql: String, _ arguments: [SQLValue]) throws(MartletError) -> Int

    /// Runs `body` for every row of a query, as they come.
    func forEach(_ sql: String, _ arguments: [SQLValue], _ body: (RowCursor) throws -> Void) throws
}

extension StatementRunner {
    func forEach(_ sql: String, _ arguments: [SQLValue], _ body: (RowCursor) throws -> Void) throws {
        for row in try query(sql, arguments) { try body(RowCursor(row)) }
    }
}
