import Core
import Storage
import Synchronization

/// The tail: where points are appended, and how they get from there to where they are read.
///
/// A batch of points belongs to as many places of `metrics` as it has keys, and rewriting a page for each would cost
/// more than everything else. So points are appended to `metric_tail`, and folded into `metrics` and `latest_metrics`
/// in bulk, in their order: when the tail is full, and before anything reads metrics (docs/decisions/0006).
extension TrackingStore {
    private static let appended = ManyRows(
        into: "metric_tail (run_number, key_number, step, metric_time, metric_value, is_nan)",
        width: 6
    )

    private static let points = ManyRows(
        into: "metrics (run_number, key_number, step, metric_time, metric_value, is_nan)",
        width: 6,
        "ON CONFLICT DO NOTHING"
    )

    /// The latest point is the greatest by step, then time, then value.
    private static let latestPoints = ManyRows(
        into: "latest_metrics (run_number, key_number, step, metric_time, metric_value, is_nan)",
        width: 6,
        """
        ON CONFLICT (run_number, key_number) DO UPDATE SET
            step = excluded.step, metric_time = excluded.metric_time,
            metric_value = excluded.metric_value, is_nan = excluded.is_nan
        WHERE (excluded.step, excluded.metric_time, excluded.metric_value)
            > (latest_metrics.step, latest_metrics.metric_time, latest_metrics.metric_value)
        """
    )

    /// Appends points, given as the values of their rows, and folds the tail when it is full.
    static func append(_ connection: Connection, _ rows: [SQLValue], count: Int, _ keys: MetricKeys) throws {
        let isFull = try keys.join(count) {
            let row = try connection.first("SELECT COUNT(*) AS n FROM metric_tail")
            return Int(try row?.int("n") ?? 0)
        }
        try appended.insert(connection, rows)
        guard isFull else { return }
        try foldTail(connection)
        keys.emptied()
    }

    /// Whether points wait in the tail.
    static func hasTail(_ connection: Connection) throws -> Bool {
        try connection.first("SELECT run_number FROM metric_tail LIMIT 1") != nil
    }

    /// Moves the points of the tail to where they are read; points that are there already are dropped.
    static func foldTail(_ connection: Connection) throws {
        var rows: [SQLValue] = []
        var latest: [SQLValue] = []
        var last: [SQLValue] = []
        try connection.forEach(
            """
            SELECT run_number, key_number, step, metric_time, metric_value, is_nan FROM metric_tail
            ORDER BY run_number, key_number, step, metric_time, metric_value, is_nan DESC
            """
        ) { row in
            let point = [row[0], row[1], row[2], row[3], .real(try row.double(4)), row[5]]
            // The points of a metric come in order: the last of them is its latest.
            if !last.isEmpty, last[0] != point[0] || last[1] != point[1] { latest += last }
            last = point
            rows += point
        }
        guard !rows.isEmpty else { return }
        try points.insert(connection, rows)
        try latestPoints.insert(connection, latest + last)
        try connection.execute("DELETE FROM metric_tail")
    }

    /// Runs a read that metrics are part of: every point acknowledged before it began is where it looks.
    func readFolded<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
        let outcome = try await database.read { connection -> T? in
            try Self.hasTail(connection) ? nil : try body(connection)
        }
        if let outcome { return outcome }
        let keys = metricKeys
        do {
            try await database.write { connection in
                try Self.foldTail(connection)
                keys.emptied()
            }
        } catch {
            guard error.code == .storageFull else { throw error }
            return try await readUnfolded(body, error)
        }
        return try await database.read(body)
    }

    /// Reads in a write that is undone: with a full disk the tail cannot be folded, but what it holds can be read.
    private func readUnfolded<T: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> T,
        _ reason: MartletError
    ) async throws -> T {
        let outcome = Outcome<T>()
        do {
            try await database.write { connection in
                try Self.foldTail(connection)
                try outcome.set(body(connection))
                throw reason
            }
        } catch {
            if let value = outcome.value { return value }
            throw error
        }
        throw reason
    }

    /// What a write found that was undone.
    private final class Outcome<Value: Sendable>: Sendable {
        private let stored = Mutex<Value?>(nil)

        var value: Value? { stored.withLock { $0 } }

        func set(_ value: Value) {
            stored.withLock { $0 = value }
        }
    }
}
