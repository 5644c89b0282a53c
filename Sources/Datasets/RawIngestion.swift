import Core
import Storage

/// The first stage: the file's text into the raw table.
struct RawIngestion: Sendable {
    /// What the stage leaves behind.
    struct Outcome: Sendable {
        let record: DatasetRecord
        let cursor: IngestCursor
        let resumedAtRow: Int64
        let newBlocks: Int64
        let startedAnew: Bool
    }

    private struct Position: Sendable {
        var record: DatasetRecord
        var cursor: IngestCursor
        var reader: CSVBlockReader
        var pending: CSVBlockReader.Block?
        var startedAnew = false
    }

    let store: DatasetStore
    let source: DatasetSource
    let directory: String
    let onBlock: (@Sendable (IngestProgress) throws -> Void)?

    func run(_ record: DatasetRecord) async throws -> Outcome {
        let (source, directory) = (source, directory)
        let file = try await BlockingWork.run { try SourceFile(file: source.file, below: directory) }
        let size = try await BlockingWork.run { try file.size() }
        var position = try await start(record, file: file)
        let resumedAt = position.cursor.rows
        let earlierBlocks = position.cursor.blocks
        while true {
            try Task.checkCancellation()
            let block = try await nextBlock(&position)
            if block.records.isEmpty, position.cursor.isFinished { break }
            try await commit(block, &position)
            let cursor = position.cursor
            try onBlock?(
                IngestProgress(
                    stage: .raw,
                    rows: cursor.rows,
                    blocks: cursor.blocks,
                    fraction: size > 0 ? min(1, Double(cursor.offset) / Double(size)) : 1
                )
            )
            if block.isLast { break }
        }
        return Outcome(
            record: position.record,
            cursor: position.cursor,
            resumedAtRow: resumedAt,
            newBlocks: position.cursor.blocks - earlierBlocks,
            startedAnew: position.startedAnew
        )
    }

    /// Where to begin: behind the rows already taken if the file still begins with them, else at its beginning.
    private func start(_ record: DatasetRecord, file: SourceFile) async throws -> Position {
        let cursor = try await store.database.read { connection in
            try IngestCursor.load(dataset: record.name, stage: .raw, on: connection)
        }
        if let cursor, cursor.offset > 0, !record.columns.isEmpty {
            let resumed = try await BlockingWork.run { () -> CSVBlockReader? in
                var reader = CSVBlockReader(file: file)
                return try reader.resume(at: cursor.offset, digest: cursor.digest) ? reader : nil
            }
            if let resumed { return Position(record: record, cursor: cursor, reader: resumed) }
        }
        var position = try await startAnew(record, file: file)
        position.startedAnew = (cursor?.offset ?? 0) > 0
        return position
    }

    private func startAnew(_ record: DatasetRecord, file: SourceFile) async throws -> Position {
        let source = source
        let (reader, header, block) = try await BlockingWork.run {
            var reader = CSVBlockReader(file: file)
            try reader.skipLines(source.skipLines)
            let header = source.hasHeader ? try reader.next(limit: 1).records.first : nil
            if source.hasHeader, header == nil {
                throw MartletError(.invalidArgument, "The data file '\(source.file)' has no header line.")
            }
            let block = try reader.next(limit: source.blockRows)
            return (reader, header, block)
        }
        let columns = try resolve(record.spec, header: header, sample: block.records)
        let now = store.clock.now
        let created = try await store.database.write { connection in
            try record.createTables(for: columns, now: now, on: connection)
        }
        return Position(record: created, cursor: .start, reader: reader, pending: block)
    }

    private func nextBlock(_ position: inout Position) async throws -> CSVBlockReader.Block {
        if let pending = position.pending {
            position.pending = nil
            return pending
        }
        let (reader, limit) = (position.reader, source.blockRows)
        let (next, block) = try await BlockingWork.run {
            var next = reader
            let block = try next.next(limit: limit)
            return (next, block)
        }
        position.reader = next
        return block
    }

    private func commit(_ block: CSVBlockReader.Block, _ position: inout Position) async throws {
        let (record, previous, now) = (position.record, position.cursor, store.clock.now)
        for (index, fields) in block.records.enumerated() where fields.count != record.columns.count {
            throw MartletError(
                .invalidArgument,
                "Row \(previous.rows + Int64(index) + 1) of '\(source.file)' has \(fields.count) fields; expected \(record.columns.count)."
            )
        }
        let next = IngestCursor(
            offset: position.reader.offset,
            digest: position.reader.prefixDigest,
            rows: previous.rows + Int64(block.records.count),
            blocks: previous.blocks + (block.records.isEmpty ? 0 : 1),
            isFinished: block.isLast
        )
        try await store.database.write { connection in
            try next.advance(from: previous, dataset: record.name, stage: .raw, now: now, on: connection)
            try connection.execute("UPDATE datasets SET version = NULL WHERE name = ?", [.text(record.name)])
            let insert = record.insertRaw
            for (index, fields) in block.records.enumerated() {
                let id = previous.rows + Int64(index) + 1
                try connection.execute(insert, [.integer(id)] + fields.map { SQLValue.text($0) })
            }
        }
        position.cursor = next
    }

    private func resolve(
        _ spec: DatasetSpec,
        header: [String]?,
        sample: [[String]]
    ) throws(MartletError) -> [DatasetColumn] {
        let names = header?.map(\.trimmingWhitespace) ?? spec.columns.map(\.name)
        if !spec.columns.isEmpty {
            for (position, column) in spec.columns.enumerated() where header != nil {
                let found = position < names.count ? "'\(names[position])'" : "nothing"
                guard position < names.count, names[position] == column.name else {
                    throw MartletError(
                        .invalidArgument,
                        "The header of '\(source.file)' has \(found) where the manifest's columns have '\(column.name)'."
                    )
                }
            }
            guard names.count == spec.columns.count else {
                throw MartletError(
                    .invalidArgument,
                    "The header of '\(source.file)' has \(names.count) columns; the manifest names \(spec.columns.count)."
                )
            }
            return spec.columns
        }
        return try inferred(spec, names: names, sample: sample)
    }

    /// A column is numeric when every present value of the first block is a number.
    private func inferred(
        _ spec: DatasetSpec,
        names: [String],
        sample: [[String]]
    ) throws(MartletError) -> [DatasetColumn] {
        guard (1...DatasetsLimits.columns).contains(names.count) else {
            throw MartletError(
                .invalidArgument,
                "The header of '\(source.file)' has \(names.count) columns; 1 to \(DatasetsLimits.columns) are accepted."
            )
        }
        var seen: Set<String> = []
        let missing = Set(source.missing)
        var columns: [DatasetColumn] = []
        for (position, name) in names.enumerated() {
            _ = try DatasetColumn.checkedName(name, path: "column \(position + 1) of the header")
            guard seen.insert(name).inserted else {
                throw MartletError(.invalidArgument, "The header of '\(source.file)' names the column '\(name)' twice.")
            }
            let texts = sample.compactMap { $0.indices.contains(position) ? $0[position].trimmingWhitespace : nil }
            let isNumeric = texts.allSatisfy { missing.contains($0) || CellCleaner.number($0) != nil }
            columns.append(DatasetColumn(name: name, kind: isNumeric ? .number : .string))
        }
        try spec.requireKnownColumns(seen, path: "data.\(spec.name)")
        return columns
    }
}

extension DatasetRecord {
    /// The statement that inserts one raw row: its id, then its text.
    var insertRaw: String {
        let names = ["row_id"] + columns.map(\.quoted)
        return
            "INSERT INTO \(rawTable) (\(names.joined(separator: ", "))) VALUES (\(SQLName.placeholders(names.count)))"
    }

    /// The statement that inserts one clean row: its id, its digest, then its cells.
    var insertClean: String {
        let names = ["row_id", "row_hash"] + columns.map(\.quoted)
        return
            "INSERT INTO \(cleanTable) (\(names.joined(separator: ", "))) VALUES (\(SQLName.placeholders(names.count)))"
    }
}
