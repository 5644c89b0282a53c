import Core
import Storage

/// The versions that a dataset has had.
enum DatasetVersions {
    /// Keeps a version and tells of it; the one that is there already is not kept twice.
    static func add(
        _ version: DatasetVersion,
        of dataset: String,
        outbox: DatasetStore.Outbox,
        on connection: Connection
    ) throws {
        let last = try connection.first(
            "SELECT sequence, version FROM dataset_versions WHERE dataset = ? ORDER BY sequence DESC LIMIT 1",
            [.text(dataset)]
        )
        guard last?.optionalText("version") != version.version else { return }
        let sequence = (last?.optionalInt("sequence") ?? 0) + 1
        try connection.execute(
            """
            INSERT INTO dataset_versions (dataset, sequence, version, total_rows, columns, sources, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(dataset), .integer(sequence), .text(version.version), .integer(version.rows),
                .text("\(version.columns)"),
                .text(JSONValue.array(version.sources.map(\.json)).description),
                .integer(version.at.milliseconds),
            ]
        )
        try connection.execute(
            "DELETE FROM dataset_versions WHERE dataset = ? AND sequence <= ?",
            [.text(dataset), .integer(sequence - Int64(DatasetsLimits.versions))]
        )
        try outbox(
            connection,
            DatasetUpdate(
                dataset: dataset,
                version: version.version,
                previous: last?.optionalText("version"),
                rows: version.rows,
                at: version.at
            )
        )
    }

    /// The versions, the newest first.
    static func all(of dataset: String, on connection: Connection) throws -> [DatasetVersion] {
        try connection.query(
            "SELECT * FROM dataset_versions WHERE dataset = ? ORDER BY sequence DESC",
            [.text(dataset)]
        ).map { row in
            DatasetVersion(
                version: try row.text("version"),
                rows: try row.int("total_rows"),
                columns: Int(try row.text("columns")) ?? 0,
                sources: (try row.json("sources").arrayValue ?? []).map { source in
                    SourceDigest(
                        name: source["name"]?.stringValue ?? "",
                        sha256: source["sha256"]?.stringValue ?? "",
                        bytes: source["bytes"]?.integerValue ?? 0
                    )
                },
                at: try row.timestamp("created_at")
            )
        }
    }
}
