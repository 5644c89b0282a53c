import Core
import Storage

/// Holds the columns of a block against those of the dataset.
struct SchemaDrift {
    private let record: DatasetRecord
    private let missing: Set<String>
    private let now: Timestamp

    init(record: DatasetRecord, missing: [String], now: Timestamp) {
        self.record = record
        self.missing = Set(missing)
        self.now = now
    }

    /// How many cells a column needs to have for them to tell that its type is another one.
    static let tellingCells = 10

    /// What is not as it was; nothing for a block without rows.
    func events(in rows: RowGatherer, block: Int64) -> [DriftEvent] {
        guard !rows.rows.isEmpty else { return [] }
        let known = Set(record.columns.map(\.column.name))
        let found = Set(rows.columns)
        var events: [DriftEvent] = []
        func add(_ kind: DriftEvent.Kind, _ column: String, _ detail: String) {
            let policy = record.spec.drift
            events.append(
                DriftEvent(
                    kind: kind,
                    column: column,
                    detail: detail,
                    policy: policy,
                    block: block,
                    at: now
                )
            )
        }
        for name in rows.columns where !known.contains(name) {
            add(.new, name, "the source has a new column")
        }
        for stored in record.columns {
            let name = stored.column.name
            guard found.contains(name) else {
                add(.missing, name, "no row of the block has the column")
                continue
            }
            if isRetyped(stored, rows) {
                add(.retyped, name, "cells were \(stored.column.kind.rawValue)s and are text")
            }
        }
        return events
    }

    /// Whether a column that was found to hold numbers holds none any more; a declared type is never doubted.
    private func isRetyped(_ stored: DatasetRecord.StoredColumn, _ rows: RowGatherer) -> Bool {
        guard stored.column.kind != .string, record.spec.columns.isEmpty,
            stored.column.name != record.spec.target?.column
        else { return false }
        var count = 0
        for cell in rows.column(stored.column.name) {
            guard let text = cell?.trimmingWhitespace, !missing.contains(text) else { continue }
            if CellCleaner.number(text) != nil { return false }
            count += 1
        }
        return count >= Self.tellingCells
    }

    /// What is said when the policy is to end.
    static func failure(_ event: DriftEvent, source: String) -> MartletError {
        let what =
            switch event.kind {
            case .new: "has the new column '\(event.column.prefix(80))'"
            case .missing: "has the column '\(event.column.prefix(80))' no more"
            case .retyped: "has text in the column '\(event.column.prefix(80))', where numbers were"
            }
        return MartletError(
            .failedPrecondition,
            "'\(source)' \(what) in block \(event.block); the rows before stay. Set 'drift: evolve' to take it up or 'drift: ignore' to go on without."
        )
    }

    /// Keeps events; one that was kept last for the same column is not repeated.
    static func record(_ events: [DriftEvent], dataset: String, on connection: Connection)
        throws(MartletError)
    {
        for event in events {
            let last = try connection.first(
                "SELECT kind, policy FROM dataset_drift WHERE dataset = ? AND column_name = ? ORDER BY sequence DESC LIMIT 1",
                [.text(dataset), .text(event.column)]
            )
            if last?.optionalText("kind") == event.kind.rawValue,
                last?.optionalText("policy") == event.policy.rawValue
            {
                continue
            }
            let next = try connection.first(
                "SELECT COALESCE(MAX(sequence), 0) + 1 AS n FROM dataset_drift WHERE dataset = ?",
                [.text(dataset)]
            )
            let sequence = next?.optionalInt("n") ?? 1
            try connection.execute(
                """
                INSERT INTO dataset_drift (dataset, sequence, kind, column_name, detail, policy, block, happened_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(dataset), .integer(sequence), .text(event.kind.rawValue), .text(event.column),
                    .text(event.detail), .text(event.policy.rawValue), .integer(event.block),
                    .integer(event.at.milliseconds),
                ]
            )
            try connection.execute(
                "DELETE FROM dataset_drift WHERE dataset = ? AND sequence <= ?",
                [.text(dataset), .integer(sequence - Int64(DatasetsLimits.driftEvents))]
            )
        }
    }

    /// The kept events, the newest first.
    static func events(of dataset: String, on connection: Connection) throws -> [DriftEvent] {
        try connection.query(
            "SELECT * FROM dataset_drift WHERE dataset = ? ORDER BY sequence DESC",
            [.text(dataset)]
        ).compactMap { row in
            guard let kind = DriftEvent.Kind(rawValue: try row.text("kind")),
                let policy = DriftPolicy(rawValue: try row.text("policy"))
            else { return nil }
            return DriftEvent(
                kind: kind,
                column: try row.text("column_name"),
                detail: try row.text("detail"),
                policy: policy,
                block: try row.int("block"),
                at: try row.timestamp("happened_at")
            )
        }
    }
}
