import Core
import Storage

/// Metrics: how points are stored and read back.
extension TrackingStore {
    /// Stores points, and for every metric the latest one: the greatest by step, then time, then value.
    static func putMetrics(
        _ connection: Connection,
        _ number: Int64,
        _ runID: String,
        _ metrics: [Metric]
    ) throws {
        var keys: [String: Int64] = [:]
        for metric in metrics {
            let key = try keys[metric.key] ?? keyNumber(connection, metric.key)
            keys[metric.key] = key
            let stored = StoredValue(metric.value)
            let point: [SQLValue] = [
                .integer(number), .integer(key), .integer(metric.step), .integer(metric.timestamp.milliseconds),
                .real(stored.value), .bool(stored.isNaN),
            ]
            let inserted = try connection.execute(
                """
                INSERT INTO metrics (run_number, key_number, step, metric_time, metric_value, is_nan)
                VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
                """,
                point
            )
            if inserted > 0 {
                try connection.execute(
                    """
                    INSERT INTO latest_metrics (run_number, key_number, step, metric_time, metric_value, is_nan)
                    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (run_number, key_number) DO UPDATE SET
                        step = excluded.step, metric_time = excluded.metric_time,
                        metric_value = excluded.metric_value, is_nan = excluded.is_nan
                    WHERE (excluded.step, excluded.metric_time, excluded.metric_value)
                        > (latest_metrics.step, latest_metrics.metric_time, latest_metrics.metric_value)
                    """,
                    point
                )
            }
            if let modelID = metric.modelID, !modelID.isEmpty {
                try putModelMetric(connection, modelID, runID, metric)
            }
        }
    }

    /// A value as the database holds it: no NaN, no infinities.
    struct StoredValue {
        let value: Double
        let isNaN: Bool

        init(_ value: Double) {
            isNaN = value.isNaN
            let largest = Double.greatestFiniteMagnitude
            // -0 and 0 are one value to people, but two to an index.
            self.value = value.isNaN || value == 0 ? 0 : Swift.min(Swift.max(value, -largest), largest)
        }
    }

    private static func keyNumber(_ connection: Connection, _ key: String) throws -> Int64 {
        let known = try connection.first("SELECT key_number FROM metric_keys WHERE metric_key = ?", [.text(key)])
        if let known { return try known.int("key_number") }
        let last = try connection.first("SELECT COALESCE(MAX(key_number), 0) AS last FROM metric_keys")
        let number = try (last?.int("last") ?? 0) + 1
        try connection.execute(
            "INSERT INTO metric_keys (key_number, metric_key) VALUES (?, ?)",
            [.integer(number), .text(key)]
        )
        return number
    }

    /// The points of a run's metric, by time, then step, then value; none for an unknown run or key.
    ///
    /// - Parameters:
    ///   - runID: the run.
    ///   - key: the metric.
    ///   - limit: points of a page; nil for all.
    ///   - token: where the previous page ended.
    /// - Returns: a page of points, and the token of the next page if there is one.
    /// - Throws: `invalidArgument` for a limit that is not positive or a foreign token.
    package func metricHistory(
        runID: String,
        key: String,
        limit: Int? = nil,
        after token: String? = nil
    ) async throws -> (metrics: [Metric], nextToken: String?) {
        if let limit, limit <= 0 {
            throw MartletError(
                .invalidArgument,
                "Invalid value \(limit) for parameter 'max_results' supplied. It must be a positive integer."
            )
        }
        let page = KeysetPage(
            keys: ["metric_time", "step", "metric_value", "is_nan"].map { KeysetPage.Key($0, isAscending: true) },
            limit: limit.map { Swift.min($0, TrackingLimits.historyPoints) } ?? Int(Int32.max),
            query: ["history", runID, key]
        )
        return try await database.read { connection in
            let result = try page.rows(
                connection,
                columns: "step, metric_time, metric_value, is_nan",
                source: SQLFragment("metrics"),
                condition: SQLFragment(
                    "run_number = (SELECT run_number FROM runs WHERE run_id = ?) AND "
                        + "key_number = (SELECT key_number FROM metric_keys WHERE metric_key = ?)",
                    [.text(runID), .text(key)]
                ),
                after: token
            )
            return (try result.rows.map { try Self.metric($0, key: key) }, result.nextToken)
        }
    }

    /// The points of a metric of several runs, at most so many of each run, spread evenly over its steps.
    ///
    /// - Parameters:
    ///   - runIDs: the runs.
    ///   - key: the metric.
    ///   - steps: which steps; nil for all.
    ///   - limit: points per run; the last point is always among them.
    /// - Returns: for each run in the given order its points by step, time and value.
    /// - Throws: `invalidArgument` past the limits of `TrackingLimits`.
    package func sampledHistory(
        runIDs: [String],
        key: String,
        steps: ClosedRange<Int64>? = nil,
        limit: Int = TrackingLimits.bulkPointsPerRun
    ) async throws -> [(runID: String, metrics: [Metric])] {
        try Self.checkBulk(runIDs)
        guard (1...TrackingLimits.bulkPointsPerRun).contains(limit) else {
            throw MartletError(
                .invalidArgument,
                "max_results must be between 1 and \(TrackingLimits.bulkPointsPerRun), but is \(limit)."
            )
        }
        let steps = steps ?? .min ... .max
        return try await database.read { connection in
            try runIDs.map { runID in
                let rows = try connection.query(
                    """
                    SELECT step, metric_time, metric_value, is_nan FROM metrics
                    WHERE run_number = (SELECT run_number FROM runs WHERE run_id = ?)
                        AND key_number = (SELECT key_number FROM metric_keys WHERE metric_key = ?)
                        AND step BETWEEN ? AND ? ORDER BY step, metric_time, metric_value
                    """,
                    [.text(runID), .text(key), .integer(steps.lowerBound), .integer(steps.upperBound)]
                )
                return (runID, try Self.sample(rows, limit).map { try Self.metric($0, key: key) })
            }
        }
    }

    /// All points of a metric of several runs, at most `limit` in all, by run, time, step and value.
    package func bulkHistory(runIDs: [String], key: String, limit: Int) async throws -> [(runID: String, Metric)] {
        try Self.checkBulk(runIDs)
        let condition = SQLFragment.isIn("r.run_id", runIDs.map(SQLValue.text))
        return try await database.read { connection in
            let rows = try connection.query(
                """
                SELECT r.run_id, m.step, m.metric_time, m.metric_value, m.is_nan FROM runs r
                JOIN metrics m ON m.run_number = r.run_number
                WHERE \(condition.sql) AND m.key_number = (SELECT key_number FROM metric_keys WHERE metric_key = ?)
                ORDER BY r.run_id, m.metric_time, m.step, m.metric_value LIMIT ?
                """,
                condition.arguments + [.text(key), .int(limit)]
            )
            return try rows.map { (try $0.text("run_id"), try Self.metric($0, key: key)) }
        }
    }

    private static func checkBulk(_ runIDs: [String]) throws(MartletError) {
        guard (1...TrackingLimits.bulkRuns).contains(runIDs.count) else {
            throw MartletError(
                .invalidArgument,
                "GetMetricHistoryBulk request must specify between 1 and \(TrackingLimits.bulkRuns) run_ids. "
                    + "Received \(runIDs.count)."
            )
        }
    }

    /// The first of each of `limit` equal parts, and the last of all (SQL's NTILE, whose first parts are longer).
    static func sample<Element>(_ elements: [Element], _ limit: Int) -> [Element] {
        guard elements.count > limit, limit > 0, let last = elements.last else { return elements }
        let (size, longer) = elements.count.quotientAndRemainder(dividingBy: limit)
        var sampled = (0..<limit).map { elements[$0 * size + Swift.min($0, longer)] }
        // The last part starts at the last point only if it holds one point.
        if size > 1 { sampled[limit - 1] = last }
        return sampled
    }

    static func metric(_ row: Row, key: String) throws(MartletError) -> Metric {
        Metric(
            key: key,
            value: try row.bool("is_nan") ? .nan : try row.double("metric_value"),
            timestamp: try row.timestamp("metric_time"),
            step: try row.int("step")
        )
    }
}
