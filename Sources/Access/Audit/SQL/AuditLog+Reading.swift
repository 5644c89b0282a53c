import Core
import Storage

/// Reading the log: pages of it, and all of it in order.
extension AuditLog {
    /// A page of records.
    package struct Page: Sendable {
        /// The records.
        package let records: [AuditRecord]
        /// The token that asks for the next page; nil on the last.
        package let nextToken: String?
    }

    /// Finds records.
    ///
    /// - Parameters:
    ///   - filter: which.
    ///   - isAscending: whether the oldest come first.
    ///   - limit: how many, at most `AuditLimits.pageRecords`.
    ///   - token: where the previous page ended.
    /// - Returns: the page.
    /// - Throws: `invalidArgument` for a limit or a token that is none.
    package func search(
        _ filter: AuditFilter = AuditFilter(),
        isAscending: Bool = false,
        limit: Int = AuditLimits.defaultPageRecords,
        after token: String? = nil
    ) async throws -> Page {
        guard (1...AuditLimits.pageRecords).contains(limit) else {
            throw MartletError(
                .invalidArgument,
                "'limit' must be between 1 and \(AuditLimits.pageRecords), but is \(limit)."
            )
        }
        let condition = SQLFragment.all(Self.conditions(filter))
        let page = KeysetPage(
            keys: [KeysetPage.Key("sequence", isAscending: isAscending)],
            limit: limit,
            query: ["audit", condition.sql] + condition.arguments.map { "\($0)" }
        )
        return try await database.read { connection in
            let result = try page.rows(
                connection,
                columns: "*",
                source: SQLFragment("audit_records"),
                condition: condition,
                after: token
            )
            return Page(records: try result.rows.map(Self.record), nextToken: result.nextToken)
        }
    }

    private static func conditions(_ filter: AuditFilter) -> [SQLFragment] {
        var conditions: [SQLFragment] = []
        if let actor = filter.actor { conditions.append(SQLFragment("actor = ?", [.text(actor)])) }
        if let action = filter.action {
            conditions.append(SQLFragment("LOWER(action) LIKE ?", [.text("%\(literal(action.lowercased()))%")]))
        }
        if let object = filter.object {
            // A range instead of LIKE: the index serves it, and no character is special.
            conditions.append(SQLFragment("object >= ? AND object < ?", [.text(object), .text(object + "\u{10FFFF}")]))
        }
        if let outcome = filter.outcome { conditions.append(SQLFragment("outcome = ?", [.text(outcome.rawValue)])) }
        if let since = filter.since { conditions.append(SQLFragment("time >= ?", [.integer(since.milliseconds)])) }
        if let until = filter.until { conditions.append(SQLFragment("time < ?", [.integer(until.milliseconds)])) }
        return conditions
    }

    /// A text inside a pattern: what is special in one stands for any character.
    private static func literal(_ text: String) -> String {
        String(text.map { $0 == "%" ? "_" : $0 })
    }

    /// Walks the whole chain.
    ///
    /// - Parameter anchors: heads that were written down earlier.
    /// - Returns: the walk, with its fault if there is one.
    /// - Throws: what the database throws.
    package func verify(anchors: [AuditHead] = []) async throws -> AuditVerifier {
        try await database.read { connection in
            var verifier = AuditVerifier(anchors: anchors)
            var last = Int64.min
            var isDone = false
            while !isDone, verifier.fault == nil {
                let rows = try connection.query(
                    "SELECT * FROM audit_records WHERE sequence > ? ORDER BY sequence LIMIT ?",
                    [.integer(last), .int(AuditLimits.pageRecords)]
                )
                for row in rows {
                    do throws(MartletError) {
                        verifier.take(try Self.record(row))
                    } catch {
                        verifier.take(unreadable: error.message)
                    }
                    last = row.optionalInt("sequence") ?? last
                }
                isDone = rows.count < AuditLimits.pageRecords
            }
            verifier.finish()
            return verifier
        }
    }

    static func record(_ row: Row) throws(MartletError) -> AuditRecord {
        // An outcome that nobody wrote is a record that somebody changed: it must not look like a known one.
        let outcome = AuditEntry.Outcome(rawValue: try row.text("outcome"))
        var entry = AuditEntry(
            time: try row.timestamp("time"),
            actor: "",
            workspace: "",
            action: "",
            outcome: outcome ?? .denied
        )
        entry.actor = try row.text("actor")
        entry.token = try optionalText(row, "token")
        entry.workspace = try row.text("workspace")
        entry.action = try row.text("action")
        entry.object = try row.text("object")
        entry.before = try optionalText(row, "value_before")
        entry.after = try optionalText(row, "value_after")
        entry.requestID = try optionalText(row, "request_id")
        entry.address = try optionalText(row, "address")
        entry.reason = try optionalText(row, "reason")
        return AuditRecord(
            sequence: try row.int("sequence"),
            entry: entry,
            previousHash: try row.text("previous_hash"),
            hash: outcome == nil ? "" : try row.text("hash")
        )
    }

    /// A text or nothing; anything else was put there by somebody else, and must not pass for nothing.
    private static func optionalText(_ row: Row, _ column: String) throws(MartletError) -> String? {
        guard row[column] != .null else { return nil }
        return try row.text(column)
    }
}
