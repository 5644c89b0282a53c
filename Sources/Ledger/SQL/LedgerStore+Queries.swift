package import Core
import Storage

extension LedgerStore {
    /// A page of the rows that a query asks for.
    ///
    /// At most `LedgerLimits.scannedRows` rows are looked at: a page that meets few matches ends early and says where to go
    /// on.
    ///
    /// - Parameters:
    ///   - query: Which rows.
    ///   - position: Where the page before ended; nil for the first.
    ///   - limit: Rows of the page, at most `LedgerLimits.pageRows`.
    /// - Returns: the rows in order.
    /// - Throws: `invalidArgument` for a column of the inputs that no version has, and what the database throws.
    package func page(
        _ query: LedgerQuery,
        after position: LedgerPosition? = nil,
        limit: Int
    ) async throws(MartletError) -> LedgerPage {
        let limit = min(max(1, limit), LedgerLimits.pageRows)
        return try await read { connection in
            let scan = try LedgerScan(query, connection)
            return try scan.page(after: position, limit: limit, connection)
        }
    }

    /// Rows of a deployment, newest first.
    ///
    /// - Parameters:
    ///   - deployment: The deployment.
    ///   - since: The earliest moment, included; nil for all.
    ///   - until: The latest moment, excluded; nil for all.
    ///   - before: Rows that stand before this one; nil for the newest.
    ///   - limit: At most so many rows.
    /// - Returns: the rows.
    /// - Throws: What the database throws.
    package func scan(
        _ deployment: String,
        since: Timestamp? = nil,
        until: Timestamp? = nil,
        before: LedgerPosition? = nil,
        limit: Int
    ) async throws(MartletError) -> [LedgerRow] {
        let query = LedgerQuery(deployment: deployment, since: since, until: until)
        let count = min(max(0, limit), LedgerLimits.exportRows)
        return try await read { connection in
            let range = LedgerRange(query).after(before, query.order)
            return try connection.ledgerRows(
                "ledger_rows WHERE \(range.sql) ORDER BY created_at DESC, seq DESC LIMIT ?",
                range.arguments + [.int(count)]
            )
        }
    }

    /// The newest rows of a deployment, newest first.
    package func recent(_ deployment: String, limit: Int) async throws(MartletError) -> [LedgerRow] {
        try await scan(deployment, limit: limit)
    }

    /// Labelled predictions of a deployment made since `earliest`, oldest first, the newest `limit` of them; mirrored rows
    /// are left out.
    package func labelled(
        _ deployment: String,
        since earliest: Timestamp,
        onlyDrifted: Bool,
        limit: Int
    ) async throws(MartletError) -> [LedgerRecord] {
        try await read { connection in
            try connection.ledgerRows(
                """
                ledger_rows WHERE deployment = ? AND label IS NOT NULL AND created_at >= ? AND drift >= ? AND arm <> ?
                ORDER BY created_at DESC, seq DESC LIMIT ?
                """,
                [
                    .text(deployment), .integer(earliest.milliseconds), .bool(onlyDrifted),
                    .text(LedgerArm.shadow.rawValue), .int(limit),
                ]
            ).map(\.record).reversed()
        }
    }

    /// How many labelled predictions a deployment has made since `earliest`.
    package func labelledCount(_ deployment: String, since earliest: Timestamp) async throws(MartletError) -> Int {
        try await read { connection in
            let row = try connection.first(
                """
                SELECT COUNT(*) AS n FROM ledger_rows
                WHERE deployment = ? AND label IS NOT NULL AND created_at >= ? AND arm <> ?
                """,
                [.text(deployment), .integer(earliest.milliseconds), .text(LedgerArm.shadow.rawValue)]
            )
            return try Int(clamping: row?.int("n") ?? 0)
        }
    }

    /// Labelled predictions that belong to a rollout, the newest `LedgerLimits.exportRows` of them.
    package func labelled(
        rollout: String,
        of deployment: String,
        since earliest: Timestamp
    ) async throws(MartletError) -> [LedgerRecord] {
        try await read { connection in
            try connection.ledgerRows(
                """
                ledger_rows WHERE deployment = ? AND created_at >= ? AND rollout = ? AND label IS NOT NULL
                ORDER BY created_at DESC, seq DESC LIMIT ?
                """,
                [
                    .text(deployment), .integer(earliest.milliseconds), .text(rollout),
                    .int(LedgerLimits.exportRows),
                ]
            ).map(\.record)
        }
    }
}
