import Core
import Storage

/// Joins labels to rows inside one transaction, and gathers what that changes.
struct LabelJoining {
    private let classes: LedgerStore.Classes
    private var known: [LedgerBatch.Version: [String]?] = [:]
    /// What hourly sums change by.
    var deltas: HourDeltas
    /// The predictions whose label has come or changed.
    private(set) var changes: [LabelChange] = []
    /// Labels that are none of their model.
    private(set) var rejected = 0
    private(set) var touched: Set<String> = []

    init(classes: @escaping LedgerStore.Classes, deltas: HourDeltas = HourDeltas()) {
        self.classes = classes
        self.deltas = deltas
    }

    /// The label as it is kept for a row's model.
    ///
    /// - Throws: `invalidArgument` for what is no label of it.
    mutating func canonical(
        _ label: JSONValue,
        for record: LedgerRecord,
        _ connection: Connection
    ) throws -> String {
        let version = LedgerBatch.Version(record.deployment, record.version)
        if known[version] == nil {
            let schema = try LedgerStore.schema(record.deployment, record.version, connection)
            known[version] = .some(schema.map(\.classes) ?? classes(record.deployment, record.version))
        }
        return try CanonicalLabel.text(label, classes: known[version] ?? nil)
    }

    /// Counts a label that is none of its model.
    mutating func reject() { rejected += 1 }

    /// Joins a label to a row, which is changed accordingly.
    mutating func join(
        _ label: String,
        observedAt: Timestamp?,
        receivedAt: Timestamp,
        to row: inout LedgerRow,
        _ connection: Connection
    ) throws -> FeedbackAnswer {
        let before = row.record
        let number = row.position.number
        let current = before.label.map {
            LabelRule.Known(label: $0, observedAt: before.observedAt ?? before.labelledAt ?? before.createdAt)
        }
        let verdict = try LabelRule.judge(label, observedAt: observedAt, now: receivedAt, current: current) { known in
            try connection.first(
                "SELECT 1 AS known FROM ledger_labels WHERE seq = ? AND observed_at = ? AND label = ? LIMIT 1",
                [.integer(number), .integer(known.observedAt.milliseconds), .text(known.label)]
            ) != nil
        }
        switch verdict.outcome {
        case .stored, .corrected, .confirmed:
            if let current {
                try Self.remember(current, receivedAt: before.labelledAt ?? receivedAt, number, connection)
            }
            deltas.add(label: before, times: -1)
            row.record.label = label
            row.record.labelledAt = receivedAt
            row.record.observedAt = verdict.observedAt
            deltas.add(label: row.record, times: 1)
            try Self.save(row, connection)
            touched.insert(before.deployment)
            if before.label != label { changes.append(LabelChange(record: row.record, previous: before.label)) }
        case .superseded:
            let late = LabelRule.Known(label: label, observedAt: verdict.observedAt)
            try Self.remember(late, receivedAt: receivedAt, number, connection)
        default: break
        }
        let other = verdict.outcome == .stored || verdict.outcome == .duplicate ? nil : before.label
        return FeedbackAnswer(outcome: verdict.outcome, ids: [before.id], label: label, other: other)
    }

    private static func save(_ row: LedgerRow, _ connection: Connection) throws {
        try connection.execute(
            """
            UPDATE ledger_rows SET label = ?, labelled_at = ?, observed_at = ?
            WHERE deployment = ? AND created_at = ? AND seq = ?
            """,
            [
                SQLValue(row.record.label), SQLValue(row.record.labelledAt?.milliseconds),
                SQLValue(row.record.observedAt?.milliseconds), .text(row.record.deployment),
                .integer(row.position.createdAt.milliseconds), .integer(row.position.number),
            ]
        )
    }

    /// Writes a label that does not hold to the history, which keeps the last `LedgerLimits.labelHistory`.
    private static func remember(
        _ known: LabelRule.Known,
        receivedAt: Timestamp,
        _ seq: Int64,
        _ connection: Connection
    ) throws {
        let last = try connection.first("SELECT MAX(number) AS last FROM ledger_labels WHERE seq = ?", [.integer(seq)])
        let number = (last?.optionalInt("last") ?? 0) + 1
        try connection.execute(
            "INSERT INTO ledger_labels (seq, number, label, observed_at, received_at) VALUES (?, ?, ?, ?, ?)",
            [
                .integer(seq), .integer(number), .text(known.label), .integer(known.observedAt.milliseconds),
                .integer(receivedAt.milliseconds),
            ]
        )
        guard number > Int64(LedgerLimits.labelHistory) else { return }
        try connection.execute(
            "DELETE FROM ledger_labels WHERE seq = ? AND number <= ?",
            [.integer(seq), .integer(number - Int64(LedgerLimits.labelHistory))]
        )
    }
}
