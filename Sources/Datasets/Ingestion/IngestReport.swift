/// How far an ingestion has come; reported after each committed block.
package struct IngestProgress: Sendable, Equatable {
    /// The table that the block went into.
    package let stage: DatasetStage
    /// Rows in that table so far.
    package let rows: Int64
    /// Blocks committed so far, by this and earlier attempts.
    package let blocks: Int64
    /// The share of the stage that is done, 0 to 1.
    package let fraction: Double
}

/// What came of an ingestion.
package struct IngestReport: Sendable, Equatable {
    /// Rows in the raw and in the clean table.
    package let rows: Int64
    /// Rows that were there before this ingestion and were not read again.
    package let resumedAtRow: Int64
    /// Blocks of raw rows that this ingestion committed.
    package let newBlocks: Int64
    /// Cells that were not of their column's type; `data.check` fails on them.
    package let invalidCells: Int64
    /// Rows that took the place of one with the same key.
    package let updatedRows: Int64
    /// The SHA-256 of the clean rows.
    package let version: String
    /// What was read of the source, from its beginning.
    package let source: SourceDigest
    /// Whether earlier rows were discarded because the file is another one now.
    package let startedAnew: Bool
}
