package import Core
import Storage

extension LedgerStore {
    /// Brings over the next rows that an older server wrote, with their labels, in one transaction.
    ///
    /// - Parameter classes: The classes of versions that have no schema.
    /// - Returns: how many rows were brought over; 0 when none are left.
    /// - Throws: What the database throws; then nothing was changed.
    package func bringOver(classes: @escaping Classes = { _, _ in nil }) async throws(MartletError) -> Int {
        guard try await read({ try $0.first("SELECT seq FROM predictions LIMIT 1") != nil }) else { return 0 }
        return try await write { connection in
            guard let head = try connection.first("SELECT deployment FROM predictions ORDER BY deployment LIMIT 1")
            else { return 0 }
            let deployment = try head.text("deployment")
            let rows = try connection.query(
                "SELECT * FROM predictions WHERE deployment = ? ORDER BY seq LIMIT ?",
                [.text(deployment), .int(LedgerLimits.broughtRows)]
            )
            guard let last = rows.last else { return 0 }
            let batch = LedgerBatch(records: try rows.map(LedgerRecord.init(former:)))
            _ = try Self.insert(batch, classes, connection)
            try connection.execute(
                "DELETE FROM predictions WHERE deployment = ? AND seq <= ?",
                [.text(deployment), .integer(try last.int("seq"))]
            )
            return rows.count
        }
    }
}

extension LedgerRecord {
    /// Reads a row of the table of older servers.
    fileprivate init(former row: Row) throws {
        self.init(
            id: try row.text("id"),
            deployment: try row.text("deployment"),
            version: Int(try row.int("version")),
            arm: LedgerArm(rawValue: try row.text("arm")),
            rollout: row.optionalText("rollout"),
            step: Int(try row.int("step")),
            via: try row.text("via"),
            features: FeatureBlob.decode(try row.blob("features")),
            prediction: try row.text("prediction"),
            score: row.optionalDouble("score") ?? .nan,
            shadowVersion: row.optionalInt("shadow_version").map { Int($0) },
            shadowPrediction: row.optionalText("shadow_prediction"),
            shadowScore: row.optionalDouble("shadow_score"),
            microseconds: try row.int("latency_us"),
            drift: try row.bool("drift"),
            createdAt: try row.timestamp("created_at"),
            label: row.optionalText("label"),
            labelledAt: row.optionalTimestamp("labelled_at"),
            observedAt: row.optionalTimestamp("labelled_at")
        )
    }
}
