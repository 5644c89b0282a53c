import Core
import Storage

/// Histories of any length as the few points that a chart shows.
extension TrackingStore {
    /// The points of a metric of several runs, at most so many of each run, spread evenly over its points.
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
        return try await readFolded { connection in
            let key = (name: key, number: try Self.number(connection, "metric_keys", "metric_key", "key_number", key))
            return try runIDs.map { runID in
                let run = try Self.number(connection, "runs", "run_id", "run_number", runID)
                guard let run, let number = key.number else { return (runID, []) }
                let series = MetricSeries(connection: connection, run: run, key: number, steps: steps)
                return (runID, try series.sampled(limit).map { try $0.metric(key.name) })
            }
        }
    }

    private static func number(
        _ connection: Connection,
        _ table: String,
        _ nameColumn: String,
        _ numberColumn: String,
        _ name: String
    ) throws -> Int64? {
        try connection.first("SELECT \(numberColumn) AS n FROM \(table) WHERE \(nameColumn) = ?", [.text(name)])?.int(
            "n"
        )
    }

    /// Which of so many points stand for all: the first of each of `limit` equal parts, and the last of all (SQL's
    /// NTILE, whose first parts are longer).
    static func sampledRanks(of count: Int, _ limit: Int) -> [Int] {
        guard count > limit, limit > 0 else { return Array(0..<count) }
        let (size, longer) = count.quotientAndRemainder(dividingBy: limit)
        var ranks = (0..<limit).map { $0 * size + Swift.min($0, longer) }
        // The last part starts at the last point only if it holds one point.
        if size > 1 { ranks[limit - 1] = count - 1 }
        return ranks
    }
}

/// The points of one metric of one run, in their order in the index.
private struct MetricSeries {
    struct Point {
        let step: Int64
        let time: Int64
        let value: Double
        let isNaN: Int64

        func metric(_ key: String) throws -> Metric {
            Metric(
                key: key,
                value: isNaN != 0 ? .nan : value,
                timestamp: Timestamp(milliseconds: time),
                step: step
            )
        }

        var values: [SQLValue] { [.integer(step), .integer(time), .real(value), .integer(isNaN)] }
    }

    let connection: Connection
    let run: Int64
    let key: Int64
    let steps: ClosedRange<Int64>

    /// The points that stand for all of them.
    ///
    /// A short series is read whole. A long one is walked once inside the database, from anchor to anchor, which counts
    /// it; each point that is wanted is then reached from the anchor before it.
    func sampled(_ limit: Int) throws -> [Point] {
        let whole = TrackingLimits.wholeHistoryPoints
        guard let first = try points(after: nil, skipping: 0, limit: 1).first else { return [] }
        guard try !points(after: nil, skipping: whole, limit: 1).isEmpty else {
            let all = try points(after: nil, skipping: 0, limit: whole)
            return TrackingStore.sampledRanks(of: all.count, limit).map { all[$0] }
        }
        var anchors = [(rank: 0, point: first)]
        var stride = TrackingLimits.historyStride
        while let next = try points(after: anchors[anchors.count - 1].point, skipping: stride - 1, limit: 1).first {
            anchors.append((anchors[anchors.count - 1].rank + stride, next))
            if anchors.count.isMultiple(of: TrackingLimits.historyAnchors) { stride *= 2 }
        }
        let last = anchors[anchors.count - 1]
        let rest = try points(after: last.point, skipping: 0, limit: stride)
        var place = 0
        return try TrackingStore.sampledRanks(of: last.rank + 1 + rest.count, limit).compactMap { rank in
            while place + 1 < anchors.count, anchors[place + 1].rank <= rank { place += 1 }
            let anchor = anchors[place]
            if rank == anchor.rank { return anchor.point }
            if rank > last.rank { return rest[rank - last.rank - 1] }
            return try points(after: anchor.point, skipping: rank - anchor.rank - 1, limit: 1).first
        }
    }

    private static let start = "step >= ?"
    /// A comparison of rows is one range of the index; with a second lower bound SQLite might take that one.
    private static let after = "(step, metric_time, metric_value, is_nan) > (?, ?, ?, ?)"
    private static let fromStart = statement(start, "AND step <= ?")
    private static let fromPoint = statement(after, "AND step <= ?")
    /// Without an upper bound there is nothing to compare in the points that are passed over.
    private static let fromStartOn = statement(start, "")
    private static let fromPointOn = statement(after, "")

    private static func statement(_ lower: String, _ upper: String) -> String {
        """
        SELECT step, metric_time, metric_value, is_nan FROM metrics
        WHERE run_number = ? AND key_number = ? AND \(lower) \(upper)
        ORDER BY step, metric_time, metric_value, is_nan LIMIT ? OFFSET ?
        """
    }

    private func points(after point: Point?, skipping: Int, limit: Int) throws -> [Point] {
        var found: [Point] = []
        let isOpen = steps.upperBound == .max
        let sql =
            point == nil ? (isOpen ? Self.fromStartOn : Self.fromStart) : (isOpen ? Self.fromPointOn : Self.fromPoint)
        try connection.forEach(
            sql,
            [.integer(run), .integer(key)] + (point?.values ?? [.integer(steps.lowerBound)])
                + (isOpen ? [] : [.integer(steps.upperBound)]) + [.int(limit), .int(skipping)]
        ) { row in
            found.append(
                Point(step: try row.int(0), time: try row.int(1), value: try row.double(2), isNaN: try row.int(3))
            )
        }
        return found
    }
}
