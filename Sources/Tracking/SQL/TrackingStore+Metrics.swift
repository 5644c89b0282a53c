import Core
import Storage

/// Metrics: how points are stored and read back.
extension TrackingStore {
    /// Stores points; a point that is there already is ignored.
    ///
    /// - Returns: the numbers of keys that were not known yet, to be remembered once the write is committed.
    @discardableResult
    static func putMetrics(
        _ connection: Connection,
        _ number: Int64,
        _ runID: String,
        _ metrics: [Metric],
        _ keys: MetricKeys
    ) throws -> [String: Int64] {
        guard !metrics.isEmpty else { return [:] }
        let names = metrics.map(\.key)
        let known = keys.numbers(of: names)
        let fresh = try keyNumbers(connection, zip(names, known).filter { $0.1 == nil }.map(\.0))
        var rows: [SQLValue] = []
        rows.reserveCapacity(metrics.count * 6)
        for (index, metric) in metrics.enumerated() {
            guard let key = known[index] ?? fresh[metric.key] else {
                throw MartletError(.internal, "A metric's key has no number.")
            }
            let stored = StoredValue(metric.value)
            rows.append(.integer(number))
            rows.append(.integer(key))
            rows.append(.integer(metric.step))
            rows.append(.integer(metric.timestamp.milliseconds))
            rows.append(.real(stored.value))
            rows.append(.bool(stored.isNaN))
        }
        try append(connection, rows, count: metrics.count, keys)
        for metric in metrics {
            guard let modelID = metric.modelID, !modelID.isEmpty else { continue }
            try putModelMetric(connection, modelID, runID, metric)
        }
        return fresh
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

    private static let newKeys = ManyRows(into: "metric_keys (key_number, metric_key)", width: 2)

    /// The numbers of keys; keys that are new get one.
    private static func keyNumbers(_ connection: Connection, _ keys: [String]) throws -> [String: Int64] {
        guard !keys.isEmpty else { return [:] }
        var numbers: [String: Int64] = [:]
        for condition in SQLFragment.isInChunks("metric_key", Array(Set(keys)).map(SQLValue.text)) {
            try connection.forEach(
                "SELECT metric_key, key_number FROM metric_keys WHERE \(condition.sql)",
                condition.arguments
            ) { row in
                numbers[try row.text(0)] = try row.int(1)
            }
        }
        var rows: [SQLValue] = []
        var last: Int64?
        for key in keys where numbers[key] == nil {
            if last == nil {
                let row = try connection.first("SELECT COALESCE(MAX(key_number), 0) AS last FROM metric_keys")
                last = try row?.int("last") ?? 0
            }
            let number = (last ?? 0) + 1
            last = number
            numbers[key] = number
            rows += [.integer(number), .text(key)]
        }
        try newKeys.insert(connection, rows)
        return numbers
    }

    /// The names of keys by their numbers; they are remembered, for what is read is committed.
    static func keyNames(_ connection: Connection, _ numbers: [Int64], _ keys: MetricKeys) throws -> [Int64: String] {
        var names: [Int64: String] = [:]
        var unknown: [Int64] = []
        for (number, name) in zip(numbers, keys.names(of: numbers)) {
            if let name { names[number] = name } else { unknown.append(number) }
        }
        var found: [String: Int64] = [:]
        for condition in SQLFragment.isInChunks("key_number", unknown.map(SQLValue.integer)) {
            try connection.forEach(
                "SELECT key_number, metric_key FROM metric_keys WHERE \(condition.sql)",
                condition.arguments
            ) { row in
                let (number, name) = (try row.int(0), try row.text(1))
                names[number] = name
                found[name] = number
            }
        }
        keys.remember(found)
        return names
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
        return try await readFolded { connection in
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

    /// All points of a metric of several runs, at most `limit` in all, by run, time, step and value.
    package func bulkHistory(runIDs: [String], key: String, limit: Int) async throws -> [(runID: String, Metric)] {
        try Self.checkBulk(runIDs)
        let condition = SQLFragment.isIn("r.run_id", runIDs.map(SQLValue.text))
        return try await readFolded { connection in
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

    static func checkBulk(_ runIDs: [String]) throws(MartletError) {
        guard (1...TrackingLimits.bulkRuns).contains(runIDs.count) else {
            throw MartletError(
                .invalidArgument,
                "GetMetricHistoryBulk request must specify between 1 and \(TrackingLimits.bulkRuns) run_ids. "
                    + "Received \(runIDs.count)."
            )
        }
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
