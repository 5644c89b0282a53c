import Core
import Storage

/// The second stage: raw text into typed cells, a block at a time, with the cells that are not of their type counted.
struct CleanIngestion: Sendable {
    private struct CleanBlock: Sendable {
        var rows: [(id: Int64, cells: [CleanCell])] = []
        /// Column position → rows whose cell was not of the column's type.
        var invalid: [Int: [Int64]] = [:]
    }

    let store: DatasetStore
    let source: DatasetSource
    let onBlock: (@Sendable (IngestProgress) throws -> Void)?

    /// Cleans what is not clean yet and returns how many cells of the dataset are invalid.
    func run(_ record: DatasetRecord) async throws -> Int64 {
        let cleaner = CellCleaner(columns: record.plainColumns, target: record.spec.target, missing: source.missing)
        let limit = source.blockRows
        while true {
            try Task.checkCancellation()
            let (cursor, total, rows) = try await store.database.read { connection in
                try Self.pending(record, limit: limit, on: connection)
            }
            if rows.isEmpty, cursor.isFinished { break }
            let block = try Self.cleaned(rows, record: record, cleaner: cleaner)
            let isLast = rows.count < limit
            let next = try await commit(block, after: cursor, isLast: isLast, record: record)
            try onBlock?(
                IngestProgress(
                    stage: .clean,
                    rows: next.rows,
                    blocks: next.blocks,
                    fraction: total > 0 ? min(1, Double(next.rows) / Double(total)) : 1
                )
            )
            if isLast { break }
        }
        return try await store.database.read { connection in
            let sum = try connection.first(
                "SELECT COALESCE(SUM(invalid), 0) AS total FROM dataset_columns WHERE dataset = ?",
                [.text(record.name)]
            )
            return sum?.optionalInt("total") ?? 0
        }
    }

    private static func pending(
        _ record: DatasetRecord,
        limit: Int,
        on connection: Connection
    ) throws -> (IngestCursor, Int64, [Row]) {
        guard let cursor = try IngestCursor.load(dataset: record.name, stage: .clean, on: connection),
            let raw = try IngestCursor.load(dataset: record.name, stage: .raw, on: connection)
        else {
            throw MartletError(
                .failedPrecondition,
                "The dataset '\(record.name)' was declared anew meanwhile; ingest it again."
            )
        }
        let names = (["row_id"] + record.columns.map(\.quoted)).joined(separator: ", ")
        let rows = try connection.query(
            "SELECT \(names) FROM \(record.rawTable) WHERE row_id > ? ORDER BY row_id LIMIT ?",
            [.integer(cursor.offset), .int(limit)]
        )
        return (cursor, raw.rows, rows)
    }

    private static func cleaned(_ rows: [Row], record: DatasetRecord, cleaner: CellCleaner) throws -> CleanBlock {
        var block = CleanBlock()
        for row in rows {
            let id = try row.int("row_id")
            var cells: [CleanCell] = []
            cells.reserveCapacity(record.columns.count)
            for position in record.columns.indices {
                guard case .text(let text) = row[at: position + 1] else {
                    cells.append(.missing)
                    continue
                }
                if let cell = cleaner.clean(text, column: position) {
                    cells.append(cell)
                } else {
                    cells.append(.missing)
                    block.invalid[position, default: []].append(id)
                }
            }
            block.rows.append((id, cells))
        }
        return block
    }

    private func commit(
        _ block: CleanBlock,
        after cursor: IngestCursor,
        isLast: Bool,
        record: DatasetRecord
    ) async throws -> IngestCursor {
        let now = store.clock.now
        let next = IngestCursor(
            offset: block.rows.last?.id ?? cursor.offset,
            digest: "",
            rows: cursor.rows + Int64(block.rows.count),
            blocks: cursor.blocks + (block.rows.isEmpty ? 0 : 1),
            isFinished: isLast
        )
        try await store.database.write { connection in
            try next.advance(from: cursor, dataset: record.name, stage: .clean, now: now, on: connection)
            let insert = record.insertClean
            for (id, cells) in block.rows {
                let values: [SQLValue] = [.integer(id), .text(CleanCell.digest(of: cells))]
                try connection.execute(insert, values + cells.map(\.sql))
            }
            for (position, rows) in block.invalid {
                try Self.count(rows, column: position, dataset: record.name, on: connection)
            }
        }
        return next
    }

    private static func count(
        _ rows: [Int64],
        column: Int,
        dataset: String,
        on connection: Connection
    ) throws(MartletError) {
        let key: [SQLValue] = [.text(dataset), .int(column)]
        let stored = try connection.first(
            "SELECT invalid_rows FROM dataset_columns WHERE dataset = ? AND position = ?",
            key
        )
        let earlier = try stored?.json("invalid_rows").arrayValue ?? []
        let examples = (earlier + rows.map(JSONValue.integer)).prefix(DatasetsLimits.exampleRows)
        try connection.execute(
            "UPDATE dataset_columns SET invalid = invalid + ?, invalid_rows = ? WHERE dataset = ? AND position = ?",
            [.int(rows.count), .text(JSONValue.array(Array(examples)).description)] + key
        )
    }
}
