import Core
import Storage

/// How far an ingestion stage has come; written in the same transaction as the rows it speaks of.
struct IngestCursor: Sendable, Equatable {
    /// The bytes of the file taken; for the clean stage the last raw row taken.
    var offset: Int64
    /// The SHA-256 of the bytes taken; empty for the clean stage.
    var digest: String
    var rows: Int64
    var blocks: Int64
    var isFinished: Bool
    /// Where a source that is no plain file goes on.
    var position: JSONValue?

    /// Nothing taken yet.
    static let start = IngestCursor(offset: 0, digest: "", rows: 0, blocks: 0, isFinished: false)

    static func load(dataset: String, stage: DatasetStage, on connection: Connection)
        throws(MartletError)
        -> IngestCursor?
    {
        guard
            let row = try connection.first(
                "SELECT * FROM dataset_cursors WHERE dataset = ? AND stage = ?",
                [.text(dataset), .text(stage.rawValue)]
            )
        else { return nil }
        return IngestCursor(
            offset: try row.int("byte_offset"),
            digest: try row.text("prefix_sha256"),
            rows: try row.int("total_rows"),
            blocks: try row.int("blocks"),
            isFinished: try row.bool("finished"),
            position: row.optionalText("position") == nil ? nil : try row.json("position")
        )
    }

    func insert(dataset: String, stage: DatasetStage, now: Timestamp, on connection: Connection)
        throws(MartletError)
    {
        try connection.execute(
            """
            INSERT INTO dataset_cursors
                (dataset, stage, byte_offset, prefix_sha256, total_rows, blocks, finished, updated_at, position)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [.text(dataset), .text(stage.rawValue)] + values(now)
        )
    }

    /// Moves the stored cursor on from where this ingestion left it.
    ///
    /// - Throws: `failedPrecondition` when another ingestion moved it meanwhile; the caller's write is undone with it.
    func advance(
        from previous: IngestCursor,
        dataset: String,
        stage: DatasetStage,
        now: Timestamp,
        on connection: Connection
    ) throws(MartletError) {
        let changed = try connection.execute(
            """
            UPDATE dataset_cursors SET byte_offset = ?, prefix_sha256 = ?, total_rows = ?, blocks = ?, finished = ?,
                updated_at = ?, position = ?
            WHERE dataset = ? AND stage = ? AND byte_offset = ? AND blocks = ?
            """,
            values(now) + [
                .text(dataset), .text(stage.rawValue), .integer(previous.offset), .integer(previous.blocks),
            ]
        )
        guard changed == 1 else {
            throw MartletError(
                .failedPrecondition,
                "Another ingestion of the dataset '\(dataset)' is under way; wait for it to end."
            )
        }
    }

    private func values(_ now: Timestamp) -> [SQLValue] {
        [
            .integer(offset), .text(digest), .integer(rows), .integer(blocks), .bool(isFinished),
            .integer(now.milliseconds), SQLValue(position?.description),
        ]
    }
}
