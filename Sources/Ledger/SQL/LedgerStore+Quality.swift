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
    /// Predictions and accuracy per version and window of `length`; mirrored rows are left out.
    ///
    /// Windows of whole hours come from the hourly sums, and the first one begins with the hour of `earliest`; shorter ones
    /// are counted from the newest `LedgerLimits.exportRows` rows.
    package func quality(
        _ deployment: String,
        since earliest: Timestamp,
        window length: Duration
    ) async throws(MartletError) -> [QualityWindow] {
        let width = max(1, length.wholeMilliseconds)
        if width % 3_600_000 == 0 { return try await hourly(deployment, since: earliest, width: width) }
        return try await read { connection in
            try connection.query(
                """
                SELECT version, created_at / \(width) AS bucket, COUNT(*) AS predictions, COUNT(label) AS labelled,
                    SUM(CASE WHEN label = prediction THEN 1 ELSE 0 END) AS correct
                FROM (SELECT version, created_at, label, prediction, arm FROM ledger_rows
                    WHERE deployment = ? AND created_at >= ? ORDER BY created_at DESC, seq DESC LIMIT ?) AS newest
                WHERE arm <> ? GROUP BY version, created_at / \(width) ORDER BY bucket, version
                """,
                [
                    .text(deployment), .integer(earliest.milliseconds), .int(LedgerLimits.exportRows),
                    .text(LedgerArm.shadow.rawValue),
                ]
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

    private func hourly(
        _ deployment: String,
        since earliest: Timestamp,
        width: Int64
    ) async throws(MartletError) -> [QualityWindow] {
        struct Key: Hashable {
            let start: Int64
            let version: Int
        }
        var sums: [Key: LedgerHour] = [:]
        for hour in try await hours(deployment, since: earliest) where hour.arm != .shadow {
            let start = hour.hour.milliseconds - ((hour.hour.milliseconds % width) + width) % width
            let key = Key(start: start, version: hour.version)
            if sums[key] == nil { sums[key] = hour } else { sums[key]?.add(hour) }
        }
        return sums.sorted { ($0.key.start, $0.key.version) < ($1.key.start, $1.key.version) }.map { key, sum in
            QualityWindow(
                start: Timestamp(milliseconds: key.start),
                version: key.version,
                predictions: Int(clamping: sum.predictions),
                labelled: Int(clamping: sum.labelled),
                correct: Int(clamping: sum.correct)
            )
        }
    }
}
