package import Core
import Storage

/// How often a version was right during one window.
package struct QualityWindow: Sendable, Equatable {
    /// Start of the window.
    package let start: Timestamp
    /// The version.
    package let version: Int
    /// Predictions in the window.
    package let predictions: Int
    /// Of those, the labelled ones.
    package let labelled: Int
    /// Of these, the right ones.
    package let correct: Int

    /// The share of right ones among the labelled; 0 without labels.
    package var accuracy: Double { labelled == 0 ? 0 : Double(correct) / Double(labelled) }
}

extension LedgerStore {
    /// Predictions of a deployment, newest first, with sequence numbers below `before`.
    package func recent(
        _ deployment: String,
        limit: Int,
        before: Int64? = nil
    ) async throws(MartletError) -> [(seq: Int64, record: LedgerRecord)] {
        try await read { connection in
            try connection.query(
                """
                SELECT seq, \(Self.columns) FROM predictions WHERE deployment = ? AND seq < ?
                ORDER BY seq DESC LIMIT ?
                """,
                [.text(deployment), .integer(before ?? .max), .int(limit)]
            ).map { (try $0.int("seq"), try LedgerRecord($0)) }
        }
    }

    /// The prediction `id`; nil when there is none.
    package func find(_ id: String) async throws(MartletError) -> LedgerRecord? {
        try await read { connection in
            try connection.first("SELECT \(Self.columns) FROM predictions WHERE id = ?", [.text(id)])
                .map(LedgerRecord.init)
        }
    }

    /// Labelled predictions of a deployment made since `earliest`, oldest first, the newest `limit` of them.
    package func labelled(
        _ deployment: String,
        since earliest: Timestamp,
        onlyDrifted: Bool,
        limit: Int
    ) async throws(MartletError) -> [LedgerRecord] {
        try await read { connection in
            try connection.query(
                """
                SELECT \(Self.columns) FROM predictions
                WHERE deployment = ? AND label IS NOT NULL AND created_at >= ? AND drift >= ?
                ORDER BY seq DESC LIMIT ?
                """,
                [.text(deployment), .integer(earliest.milliseconds), .bool(onlyDrifted), .int(limit)]
            ).map(LedgerRecord.init).reversed()
        }
    }

    /// How many labelled predictions a deployment has made since `earliest`.
    package func labelledCount(_ deployment: String, since earliest: Timestamp) async throws(MartletError) -> Int {
        try await read { connection in
            let row = try connection.first(
                "SELECT count(*) AS n FROM predictions WHERE deployment = ? AND label IS NOT NULL AND created_at >= ?",
                [.text(deployment), .integer(earliest.milliseconds)]
            )
            return try Int(clamping: row?.int("n") ?? 0)
        }
    }

    /// Labelled predictions that belong to a rollout.
    package func labelled(
        rollout: String,
        of deployment: String,
        since earliest: Timestamp
    ) async throws(MartletError) -> [LedgerRecord] {
        try await read { connection in
            try connection.query(
                """
                SELECT \(Self.columns) FROM predictions
                WHERE deployment = ? AND created_at >= ? AND rollout = ? AND label IS NOT NULL
                ORDER BY seq DESC LIMIT ?
                """,
                [
                    .text(deployment), .integer(earliest.milliseconds), .text(rollout),
                    .int(LedgerLimits.exportRows),
                ]
            ).map(LedgerRecord.init)
        }
    }

    /// Predictions and accuracy per version and window of `length`, over the newest `LedgerLimits.exportRows` rows.
    package func quality(
        _ deployment: String,
        since earliest: Timestamp,
        window length: Duration
    ) async throws(MartletError) -> [QualityWindow] {
        let width = max(1, length.wholeMilliseconds)
        return try await read { connection in
            let last = try connection.first(
                "SELECT MAX(seq) AS last FROM predictions WHERE deployment = ?",
                [.text(deployment)]
            )
            let first = (last?.optionalInt("last") ?? 0) - Int64(LedgerLimits.exportRows)
            return try connection.query(
                """
                SELECT version, created_at / \(width) AS bucket, COUNT(*) AS predictions, COUNT(label) AS labelled,
                    SUM(CASE WHEN label = prediction THEN 1 ELSE 0 END) AS correct
                FROM predictions WHERE deployment = ? AND seq > ? AND created_at >= ?
                GROUP BY version, created_at / \(width) ORDER BY bucket, version
                """,
                [.text(deployment), .integer(first), .integer(earliest.milliseconds)]
            ).map { row in
                QualityWindow(
                    start: Timestamp(milliseconds: try row.int("bucket") * width),
                    version: Int(try row.int("version")),
                    predictions: Int(try row.int("predictions")),
                    labelled: Int(try row.int("labelled")),
                    correct: Int(row.optionalInt("correct") ?? 0)
                )
            }
        }
    }
}

extension LedgerRecord {
    /// Reads a row of the table.
    init(_ row: Row) throws(MartletError) {
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
            labelledAt: row.optionalTimestamp("labelled_at")
        )
    }
}
