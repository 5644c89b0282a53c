package import Core
import Storage

/// What retention removed.
package struct LedgerPruning: Sendable, Equatable {
    /// Rows removed.
    package var rows = 0
    /// Labels that waited in vain for their prediction.
    package var expiredLabels = 0
}

extension LedgerStore {
    /// Removes what is too old or too much, oldest first, in transactions of at most `LedgerLimits.prunedRows` rows.
    ///
    /// What a deployment keeps is what was last written down for it, so that nothing is lost while it is not loaded.
    package func prune(now: Timestamp) async throws(MartletError) -> LedgerPruning {
        var pruning = LedgerPruning()
        for deployment in try await totals() {
            let rule = deployment.spec?.retention ?? LedgerSpec.Retention()
            var removed = LedgerLimits.prunedRows
            while removed == LedgerLimits.prunedRows, !Task.isCancelled {
                removed = try await write { connection in
                    try Self.pruneSlice(deployment.deployment, rule, now: now, connection)
                }
                pruning.rows += removed
            }
        }
        pruning.expiredLabels = try await expireLabels(now: now)
        let oldest = now - LedgerLimits.hoursAge
        _ = try await write { connection in
            try connection.execute("DELETE FROM ledger_hours WHERE hour < ?", [.integer(oldest.milliseconds)])
        }
        return pruning
    }

    private func expireLabels(now: Timestamp) async throws(MartletError) -> Int {
        try await write { connection in
            let expired = try connection.first(
                "SELECT COUNT(*) AS n FROM ledger_pending WHERE expires_at <= ? AND joined = 0",
                [.integer(now.milliseconds)]
            )
            try connection.execute("DELETE FROM ledger_pending WHERE expires_at <= ?", [.integer(now.milliseconds)])
            return Int(clamping: try expired?.int("n") ?? 0)
        }
    }

    /// Removes at most one slice of a deployment's oldest rows.
    private static func pruneSlice(
        _ deployment: String,
        _ rule: LedgerSpec.Retention,
        now: Timestamp,
        _ connection: Connection
    ) throws -> Int {
        guard let totals = try totals(deployment, connection), totals.rows > 0 else { return 0 }
        var surplusRows = max(0, totals.rows - rule.rows)
        var surplusBytes = max(0, totals.bytes - (rule.bytes ?? .max))
        let earliest = (now - rule.age).milliseconds
        // Without a surplus only age decides, and one look at the oldest row says whether there is anything to do.
        var removed: (rows: Int64, bytes: Int64, last: LedgerPosition)?
        var segments: [Int64: Int64] = [:]
        try connection.forEach(
            """
            SELECT created_at, seq, bytes, segment FROM ledger_rows WHERE deployment = ?
            ORDER BY created_at, seq LIMIT ?
            """,
            [
                .text(deployment),
                .int(
                    surplusRows > 0 || surplusBytes > 0
                        ? LedgerLimits.prunedRows : agedRows(earliest, connection, deployment)
                ),
            ]
        ) { row in
            let (createdAt, seq, bytes, segment) = (try row.int(0), try row.int(1), try row.int(2), try row.int(3))
            guard surplusRows > 0 || surplusBytes > 0 || createdAt < earliest else { return }
            surplusRows = max(0, surplusRows - 1)
            surplusBytes = max(0, surplusBytes - bytes)
            segments[segment, default: 0] += 1
            let last = LedgerPosition(createdAt: Timestamp(milliseconds: createdAt), number: seq)
            removed = ((removed?.rows ?? 0) + 1, (removed?.bytes ?? 0) + bytes, last)
        }
        guard let removed else { return 0 }
        try remove(deployment, upTo: removed.last, connection)
        try connection.execute(
            "UPDATE ledger_deployments SET kept = kept - ?, bytes = bytes - ?, revision = revision + 1 WHERE deployment = ?",
            [.integer(removed.rows), .integer(removed.bytes), .text(deployment)]
        )
        for (segment, count) in segments {
            try connection.execute(
                "UPDATE ledger_segments SET kept = kept - ? WHERE segment = ?",
                [.integer(count), .integer(segment)]
            )
        }
        // An empty segment need not be searched any more; the newest one says where numbers go on.
        try connection.execute(
            "DELETE FROM ledger_segments WHERE kept <= 0 AND segment < (SELECT MAX(segment) FROM ledger_segments)"
        )
        return Int(removed.rows)
    }

    /// How many rows to look at when only age decides: none when the oldest is young enough.
    private static func agedRows(_ earliest: Int64, _ connection: Connection, _ deployment: String) throws -> Int {
        let oldest = try connection.first(
            "SELECT created_at FROM ledger_rows WHERE deployment = ? ORDER BY created_at, seq LIMIT 1",
            [.text(deployment)]
        )
        return try oldest.map { try $0.int("created_at") < earliest } == true ? LedgerLimits.prunedRows : 0
    }

    private static func remove(_ deployment: String, upTo last: LedgerPosition, _ connection: Connection) throws {
        let place: [SQLValue] = [
            .text(deployment), .integer(last.createdAt.milliseconds), .integer(last.createdAt.milliseconds),
            .integer(last.number),
        ]
        let slice = "deployment = ? AND created_at <= ? AND (created_at < ? OR seq <= ?)"
        try connection.execute(
            "DELETE FROM ledger_labels WHERE seq IN (SELECT seq FROM ledger_rows WHERE \(slice) AND label IS NOT NULL)",
            place
        )
        try connection.execute("DELETE FROM ledger_rows WHERE \(slice)", place)
    }
}
