package import Core
import Storage

extension LedgerStore {
    /// What a deployment's versions did by hour and arm, oldest hour first.
    ///
    /// - Parameters:
    ///   - deployment: The deployment.
    ///   - since: The first hour is the one in which this moment lies; nil for all.
    ///   - until: Hours that begin before this moment; nil for all.
    /// - Returns: at most `LedgerLimits.hourRows` of them, the newest ones if there are more.
    /// - Throws: What the database throws.
    package func hours(
        _ deployment: String,
        since: Timestamp? = nil,
        until: Timestamp? = nil
    ) async throws(MartletError) -> [LedgerHour] {
        let first = since.map { HourDeltas.start(of: $0).milliseconds } ?? .min
        return try await read { connection in
            try connection.query(
                """
                SELECT * FROM ledger_hours WHERE deployment = ? AND hour >= ? AND hour < ?
                ORDER BY hour DESC, version DESC, arm DESC LIMIT ?
                """,
                [
                    .text(deployment), .integer(first), .integer(until?.milliseconds ?? .max),
                    .int(LedgerLimits.hourRows),
                ]
            ).map(LedgerHour.init).reversed()
        }
    }

    /// The same sums, counted from the rows that are there: what `hours` must say as long as nothing was sampled out or
    /// has grown old.
    package func countedHours(_ deployment: String) async throws(MartletError) -> [LedgerHour] {
        try await read { connection in
            var deltas = HourDeltas()
            try connection.forEach(
                "SELECT \(Self.columns) FROM ledger_rows WHERE deployment = ?",
                [.text(deployment)]
            ) { cursor in
                let record = try LedgerRow(cursor).record
                deltas.add(row: record)
                deltas.add(label: record, times: 1)
            }
            return deltas.hours.values.sorted {
                ($0.hour, $0.version, $0.arm.rawValue) < ($1.hour, $1.version, $1.arm.rawValue)
            }
        }
    }

    /// Writes what has changed into the table.
    static func apply(_ deltas: HourDeltas, _ connection: Connection) throws {
        for delta in deltas.hours.values {
            let key: [SQLValue] = [
                .text(delta.deployment), .integer(delta.hour.milliseconds), .int(delta.version),
                .text(delta.arm.rawValue),
            ]
            var sum = delta
            if let row = try connection.first(
                "SELECT * FROM ledger_hours WHERE deployment = ? AND hour = ? AND version = ? AND arm = ?",
                key
            ) {
                sum.add(try LedgerHour(row))
            }
            try connection.execute(
                """
                INSERT INTO ledger_hours (deployment, hour, version, arm, predictions, kept, labelled, correct, measured,
                    absolute_error, squared_error, latency_us, drifted)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (deployment, hour, version, arm) DO UPDATE SET predictions = excluded.predictions,
                    kept = excluded.kept, labelled = excluded.labelled, correct = excluded.correct,
                    measured = excluded.measured, absolute_error = excluded.absolute_error,
                    squared_error = excluded.squared_error, latency_us = excluded.latency_us,
                    drifted = excluded.drifted
                """,
                key + [
                    .integer(sum.predictions), .integer(sum.kept), .integer(sum.labelled), .integer(sum.correct),
                    .integer(sum.measured), .text(sum.absoluteError.text), .text(sum.squaredError.text),
                    .integer(sum.microseconds), .integer(sum.drifted),
                ]
            )
        }
    }
}

extension LedgerHour {
    /// Reads a row of the table.
    init(_ row: Row) throws(MartletError) {
        self.init(
            deployment: try row.text("deployment"),
            version: Int(try row.int("version")),
            hour: try row.timestamp("hour"),
            arm: LedgerArm(rawValue: try row.text("arm"))
        )
        predictions = try row.int("predictions")
        kept = try row.int("kept")
        labelled = try row.int("labelled")
        correct = try row.int("correct")
        measured = try row.int("measured")
        absoluteError = try Self.sum(row, "absolute_error")
        squaredError = try Self.sum(row, "squared_error")
        microseconds = try row.int("latency_us")
        drifted = try row.int("drifted")
    }

    private static func sum(_ row: Row, _ column: String) throws(MartletError) -> ExactSum {
        guard let sum = ExactSum(text: try row.text(column)) else {
            throw MartletError(.dataLoss, "The ledger's hourly sums hold something that is no number.")
        }
        return sum
    }
}
