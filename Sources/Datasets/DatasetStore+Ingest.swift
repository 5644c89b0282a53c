import Core
import Storage

extension DatasetStore {
    /// Reads the dataset's source into the raw table and from there into the clean one, block by block.
    ///
    /// Goes on where an earlier ingestion stopped. Rows added to the end of the file are taken up; a file that changed
    /// before that point is read anew. An unchanged file costs one pass to compare its digest.
    /// - Parameters:
    ///   - name: The dataset.
    ///   - onBlock: Called after each committed block; what it throws ends the ingestion there.
    /// - Returns: How many rows there are, how many were there before, and the content version.
    /// - Throws: `notFound` for the dataset or its file, `invalidArgument` naming the row that is malformed.
    package func ingest(
        _ name: String,
        onBlock: (@Sendable (IngestProgress) throws -> Void)? = nil
    ) async throws -> IngestReport {
        let record = try await database.read { try DatasetRecord.load(name, on: $0) }
        guard let source = record.spec.source, let directory = record.directory else {
            throw MartletError(
                .failedPrecondition,
                "The dataset '\(name)' is made from rows, not from a file; there is nothing to ingest."
            )
        }
        let raw = try await RawIngestion(
            store: self,
            source: source,
            directory: directory,
            onBlock: onBlock
        ).run(
            record
        )
        let invalid = try await CleanIngestion(store: self, source: source, onBlock: onBlock).run(
            raw.record
        )
        let version = try await finish(raw.record, source: raw.digest)
        return IngestReport(
            rows: raw.cursor.rows,
            resumedAtRow: raw.resumedAtRow,
            newBlocks: raw.newBlocks,
            invalidCells: invalid,
            updatedRows: raw.updatedRows,
            version: version,
            source: raw.digest,
            startedAnew: raw.startedAnew
        )
    }

    /// Computes and stores the content version once both stages are complete.
    private func finish(_ record: DatasetRecord, source: SourceDigest) async throws -> String {
        // Reading all rows takes its time, in which others write.
        let (version, seen, current) = try await database.read { connection in
            let cursor = try IngestCursor.load(dataset: record.name, stage: .clean, on: connection)
            let current = try DatasetRecord.load(record.name, on: connection)
            return (
                try current.version ?? ContentVersion.compute(record, on: connection), cursor,
                current.version
            )
        }
        let (now, outbox) = (clock.now, outbox)
        return try await database.write { connection in
            let cursor = try IngestCursor.load(dataset: record.name, stage: .clean, on: connection)
            guard let cursor, cursor == seen, cursor.isFinished else {
                throw MartletError(
                    .failedPrecondition,
                    "Another ingestion of the dataset '\(record.name)' is under way; wait for it to end."
                )
            }
            guard version != current else { return version }
            try connection.execute(
                "UPDATE datasets SET version = ?, updated_at = ? WHERE name = ?",
                [.text(version), .integer(now.milliseconds), .text(record.name)]
            )
            try DatasetVersions.add(
                DatasetVersion(
                    version: version,
                    rows: cursor.rows,
                    columns: record.columns.count,
                    sources: [source],
                    at: now
                ),
                of: record.name,
                outbox: outbox,
                on: connection
            )
            return version
        }
    }
}
