import Core
import Storage

/// The first stage: the source's text into the raw table.
struct RawIngestion: Sendable {
    /// What the stage leaves behind.
    struct Outcome: Sendable {
        let record: DatasetRecord
        let cursor: IngestCursor
        let resumedAtRow: Int64
        let newBlocks: Int64
        let updatedRows: Int64
        let startedAnew: Bool
        let digest: SourceDigest
    }

    private struct Position: Sendable {
        var record: DatasetRecord
        var cursor: IngestCursor
        var pending: SourceBlock?
        var startedAnew = false
        var resumedAt: Int64 = 0
        var updated: Int64 = 0
    }

    let store: DatasetStore
    let source: DatasetSource
    let directory: String
    let onBlock: (@Sendable (IngestProgress) throws -> Void)?

    func run(_ record: DatasetRecord) async throws -> Outcome {
        var blocks = try await store.sources.open(
            record.spec,
            source,
            directory: directory,
            clock: store.clock
        )
        do {
            let outcome = try await run(record, &blocks)
            await blocks.close()
            return outcome
        } catch {
            await blocks.close()
            throw error
        }
    }

    private func run(_ record: DatasetRecord, _ blocks: inout any BlockSource) async throws -> Outcome {
        var position = try await start(record, &blocks)
        let earlierBlocks = position.cursor.blocks
        while true {
            try Task.checkCancellation()
            let block: SourceBlock
            if let pending = position.pending {
                block = pending
                position.pending = nil
            } else {
                block = try await blocks.next(limit: source.blockRows)
            }
            if block.rows.rows.isEmpty, block.failure == nil, position.cursor.isFinished { break }
            try await commit(block, &position)
            let cursor = position.cursor
            try onBlock?(
                IngestProgress(
                    stage: .raw,
                    rows: cursor.rows,
                    blocks: cursor.blocks,
                    fraction: blocks.fraction
                )
            )
            if let failure = block.failure { throw failure }
            if block.isLast { break }
        }
        return Outcome(
            record: position.record,
            cursor: position.cursor,
            resumedAtRow: position.resumedAt,
            newBlocks: position.cursor.blocks - earlierBlocks,
            updatedRows: position.updated,
            startedAnew: position.startedAnew,
            digest: blocks.digest
        )
    }

    /// Where to begin: behind the rows already taken if the source still begins with them, else at its beginning.
    private func start(_ record: DatasetRecord, _ blocks: inout any BlockSource) async throws
        -> Position
    {
        let cursor = try await store.database.read { connection in
            try IngestCursor.load(dataset: record.name, stage: .raw, on: connection)
        }
        let hasBegun = (cursor?.offset ?? 0) > 0 || cursor?.position != nil
        if let cursor, hasBegun, !record.columns.isEmpty {
            let place = SourcePosition(
                offset: cursor.offset,
                digest: cursor.digest,
                state: cursor.position
            )
            if try await blocks.resume(at: place, rows: cursor.rows) {
                return Position(record: record, cursor: cursor, resumedAt: cursor.rows)
            }
            // Rows that are known by a key take the places of those before them.
            if record.isKeyed, record.layout > 1 { return Position(record: record, cursor: cursor) }
        }
        let block = try await blocks.next(limit: source.blockRows)
        let columns = try SchemaInference.columns(of: record.spec, source: source, rows: block.rows)
        let now = store.clock.now
        let created = try await store.database.write { connection in
            try record.createTables(for: columns, now: now, on: connection)
        }
        return Position(record: created, cursor: .start, pending: block, startedAnew: hasBegun)
    }

    private func commit(_ block: SourceBlock, _ position: inout Position) async throws {
        let (record, previous, now) = (position.record, position.cursor, store.clock.now)
        let drift = SchemaDrift(record: record, missing: source.missing, now: now)
        let events = drift.events(in: block.rows, block: previous.blocks + 1)
        if let first = events.first, record.spec.drift == .fail {
            try await store.database.write {
                try SchemaDrift.record(events, dataset: record.name, on: $0)
            }
            throw SchemaDrift.failure(first, source: source.name)
        }
        let rows = block.rows
        let missing = Set(source.missing)
        let isCSV = source.format == .csv
        let state = block.position
        let name = source.name
        let (updated, next, added) = try await store.database.write { connection in
            try SchemaDrift.record(events, dataset: record.name, on: connection)
            var current = record
            for event in events where event.policy == .evolve {
                switch event.kind {
                case .new:
                    let kind = SchemaInference.kind(
                        of: rows.column(event.column),
                        missing: missing,
                        isCSV: isCSV
                    )
                    current = try current.add(DatasetColumn(name: event.column, kind: kind), on: connection)
                case .retyped: current = try current.retype(event.column, as: .string, on: connection)
                case .missing: break
                }
            }
            let counts = try RawBlock(record: current, rows: rows, source: name, before: previous.rows)
                .insert(on: connection)
            let next = IngestCursor(
                offset: state.offset,
                digest: state.digest,
                rows: previous.rows + counts.added,
                blocks: previous.blocks + (rows.rows.isEmpty ? 0 : 1),
                isFinished: block.isLast,
                position: state.state
            )
            try next.advance(from: previous, dataset: record.name, stage: .raw, now: now, on: connection)
            if counts.added + counts.updated > 0 || !events.isEmpty || record.version == nil {
                try connection.execute(
                    "UPDATE datasets SET version = NULL WHERE name = ?",
                    [.text(record.name)]
                )
            }
            return (current, next, counts)
        }
        position.record = updated
        position.cursor = next
        position.updated += added.updated
    }
}
