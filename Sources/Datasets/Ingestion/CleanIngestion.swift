import Core
import Storage

/// The second stage: raw text into typed cells, a block at a time, with the cells that are not of their type counted.
struct CleanIngestion: Sendable {
    private struct CleanRow: Sendable {
        let id: Int64
        let key: String?
        let cells: [CleanCell]
        /// Positions of cells that were not of their column's type.
        let invalid: [Int]
    }

    let store: DatasetStore
    let source: DatasetSource
    let onBlock: (@Sendable (IngestProgress) throws -> Void)?

    /// Cleans what is not clean yet and returns how many cells of the dataset are invalid.
    func run(_ record: DatasetRecord) async throws -> Int64 {
        let cleaner = CellCleaner(
            columns: record.plainColumns,
            target: record.spec.target,
            missing: source.missing
        )
        let limit = source.blockRows
        while true {
            try Task.checkCancellation()
            let (cursor, total, rows) = try await store.database.read { connection in
                try Self.pending(record, cleaner: cleaner, limit: limit, on: connection)
            }
            if rows.isEmpty, cursor.isFinished { break }
            let isLast = rows.count < limit
            let next = try await commit(rows, after: cursor, isLast: isLast, record: record)
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
        if record.isKeyed { try await store.database.write { try Self.recount(record, on: $0) } }
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
        cleaner: CellCleaner,
        limit: Int,
        on connection: Connection
    ) throws -> (IngestCursor, Int64, [CleanRow]) {
        guard let cursor = try IngestCursor.load(dataset: record.name, stage: .clean, on: connection),
            let raw = try IngestCursor.load(dataset: record.name, stage: .raw, on: connection)
        else {
            throw MartletError(
                .failedPrecondition,
                "The dataset '\(record.name)' was declared anew meanwhile; ingest it again."
            )
        }
        let leading = record.isKeyed ? ["row_id", "row_key"] : ["row_id"]
        let names = (leading + record.columns.map(\.quoted)).joined(separator: ", ")
        var rows: [CleanRow] = []
        try connection.forEach(
            "SELECT \(names) FROM \(record.rawTable) WHERE row_id > ? ORDER BY row_id LIMIT ?",
            [.integer(cursor.offset), .int(limit)]
        ) { row in
            var cells: [CleanCell] = []
            var invalid: [Int] = []
            cells.reserveCapacity(record.columns.count)
            for position in record.columns.indices {
                guard let text = row.optionalText(position + leading.count) else {
                    cells.append(.missing)
                    continue
                }
                let cell = cleaner.clean(text, column: position)
                if cell == nil { invalid.append(position) }
                cells.append(cell ?? .missing)
            }
            let key = record.isKeyed ? row.optionalText(1) : nil
            rows.append(CleanRow(id: try row.int(0), key: key, cells: cells, invalid: invalid))
        }
        return (cursor, raw.rows, rows)
    }

    private func commit(
        _ rows: [CleanRow],
        after cursor: IngestCursor,
        isLast: Bool,
        record: DatasetRecord
    ) async throws -> IngestCursor {
        let now = store.clock.now
        let digests = rows.map { CleanCell.digest(of: $0.cells) }
        return try await store.database.write { connection in
            let known =
                record.isKeyed
                ? try record.count(of: rows.compactMap(\.key), in: record.cleanTable, on: connection) : 0
            let next = IngestCursor(
                offset: rows.last?.id ?? cursor.offset,
                digest: "",
                rows: cursor.rows + Int64(rows.count) - known,
                blocks: cursor.blocks + (rows.isEmpty ? 0 : 1),
                isFinished: isLast
            )
            try next.advance(from: cursor, dataset: record.name, stage: .clean, now: now, on: connection)
            try record.cleanInsert.run(rows.count, on: connection) { position in
                let row = rows[position]
                var values: [SQLValue] = [.integer(row.id), .text(digests[position])]
                values.reserveCapacity(row.cells.count + 4)
                if record.isKeyed {
                    let invalid = row.invalid.map(String.init).joined(separator: ",")
                    values += [SQLValue(row.key), invalid.isEmpty ? .null : .text(invalid)]
                }
                for cell in row.cells { values.append(cell.sql) }
                return values
            }
            guard !record.isKeyed else { return next }
            var invalid: [Int: [Int64]] = [:]
            for row in rows {
                for position in row.invalid { invalid[position, default: []].append(row.id) }
            }
            for (position, ids) in invalid {
                try Self.count(ids, column: position, dataset: record.name, on: connection)
            }
            return next
        }
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

    /// Counts anew where rows may have been corrected.
    private static func recount(_ record: DatasetRecord, on connection: Connection) throws {
        var counts: [Int: (count: Int64, rows: [Int64])] = [:]
        try connection.forEach(
            "SELECT row_id, row_invalid FROM \(record.cleanTable) WHERE row_invalid IS NOT NULL ORDER BY row_id"
        ) { row in
            let id = try row.int(0)
            for position in try row.text(1).split(separator: ",").compactMap({ Int($0) }) {
                counts[position, default: (0, [])].count += 1
                if counts[position, default: (0, [])].rows.count < DatasetsLimits.exampleRows {
                    counts[position, default: (0, [])].rows.append(id)
                }
            }
        }
        for position in record.columns.indices {
            let (count, rows) = counts[position] ?? (0, [])
            try connection.execute(
                "UPDATE dataset_columns SET invalid = ?, invalid_rows = ? WHERE dataset = ? AND position = ?",
                [
                    .integer(count), .text(JSONValue.array(rows.map(JSONValue.integer)).description),
                    .text(record.name), .int(position),
                ]
            )
        }
    }
}
