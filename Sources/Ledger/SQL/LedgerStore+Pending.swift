package import Core
import Storage

extension LedgerStore {
    /// Labels that wait for their prediction.
    package func pendingCount() async throws(MartletError) -> Int64 {
        try await read { connection in try Self.pendingCount(connection) }
    }

    static func pendingCount(_ connection: Connection) throws -> Int64 {
        try connection.first("SELECT COUNT(*) AS n FROM ledger_pending WHERE joined = 0")?.int("n") ?? 0
    }

    /// Keeps a label until its prediction comes.
    ///
    /// - Returns: false when it was kept already.
    static func keep(
        _ item: FeedbackItem,
        joined: Bool,
        now: Timestamp,
        _ connection: Connection
    ) throws -> Bool {
        let subject = PendingLabel.subject(of: item.subject)
        let waiting = try connection.query("SELECT * FROM ledger_pending WHERE subject = ?", [.text(subject)])
        if try waiting.contains(where: { try PendingLabel($0).says(item) }) { return false }
        var deployment: String?
        var window: (from: Timestamp, until: Timestamp)?
        switch item.subject {
        case .request(_, let named): deployment = named
        case .entity(let named, _, let at, let span): (deployment, window) = (named, (at - span, at))
        }
        let last = try connection.first("SELECT MAX(number) AS last FROM ledger_pending")?.optionalInt("last") ?? 0
        let expiresAt = now + (joined ? LedgerLimits.entityAge : LedgerLimits.pendingAge)
        try connection.execute(
            """
            INSERT INTO ledger_pending (number, subject, deployment, from_at, until_at, label, observed_at, is_timed,
                received_at, expires_at, joined) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(last + 1), .text(subject), SQLValue(deployment), SQLValue(window?.from.milliseconds),
                SQLValue(window?.until.milliseconds), .text(item.label.description),
                .integer((item.observedAt ?? now).milliseconds), .bool(item.observedAt != nil),
                .integer(now.milliseconds), .integer(expiresAt.milliseconds), .bool(joined),
            ]
        )
        return true
    }

    /// Joins new rows with the labels that came before them.
    static func joinPending(
        to rows: [LedgerRow],
        _ joining: inout LabelJoining,
        _ connection: Connection
    ) throws {
        guard !rows.isEmpty, try connection.first("SELECT number FROM ledger_pending LIMIT 1") != nil else { return }
        for start in stride(from: 0, to: rows.count, by: LedgerLimits.idsPerStatement / 2) {
            let part = rows[start..<min(start + LedgerLimits.idsPerStatement / 2, rows.count)]
            let waiting = try pending(for: part, connection)
            guard !waiting.isEmpty else { continue }
            var done: Set<Int64> = []
            for row in part { try join(waiting, to: row, &joining, &done, connection) }
            for chunk in SQLFragment.isInChunks("number", done.map { .integer($0) }) {
                try connection.execute(
                    "DELETE FROM ledger_pending WHERE from_at IS NULL AND \(chunk.sql)",
                    chunk.arguments
                )
                try connection.execute("UPDATE ledger_pending SET joined = 1 WHERE \(chunk.sql)", chunk.arguments)
            }
        }
    }

    private static func subjects(_ record: LedgerRecord) -> [String] {
        let byID = PendingLabel.subject(id: record.id)
        guard let entity = record.entity else { return [byID] }
        return [byID, PendingLabel.subject(deployment: record.deployment, entity: entity)]
    }

    private static func pending(
        for rows: ArraySlice<LedgerRow>,
        _ connection: Connection
    ) throws -> [String: [PendingLabel]] {
        var waiting: [String: [PendingLabel]] = [:]
        let subjects = rows.flatMap { Self.subjects($0.record) }
        for chunk in SQLFragment.isInChunks("subject", subjects.map(SQLValue.text)) {
            for row in try connection.query(
                "SELECT * FROM ledger_pending WHERE \(chunk.sql) ORDER BY number",
                chunk.arguments
            ) {
                let label = try PendingLabel(row)
                waiting[label.subject, default: []].append(label)
            }
        }
        return waiting
    }

    private static func join(
        _ waiting: [String: [PendingLabel]],
        to row: LedgerRow,
        _ joining: inout LabelJoining,
        _ done: inout Set<Int64>,
        _ connection: Connection
    ) throws {
        var row = row
        for label in subjects(row.record).flatMap({ waiting[$0] ?? [] }) where label.fits(row.record) {
            done.insert(label.number)
            do {
                let text = try joining.canonical(label.label, for: row.record, connection)
                _ = try joining.join(
                    text,
                    observedAt: label.isTimed ? label.observedAt : nil,
                    receivedAt: label.receivedAt,
                    to: &row,
                    connection
                )
            } catch let error as MartletError where error.code == .invalidArgument {
                joining.reject()
            }
        }
    }
}
