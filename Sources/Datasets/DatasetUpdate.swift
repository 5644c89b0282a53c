package import Core

/// A dataset that has another content now.
package struct DatasetUpdate: Sendable, Equatable {
    /// The dataset.
    package let dataset: String
    /// Its content's version now.
    package let version: String
    /// The version before; nil for the first.
    package let previous: String?
    /// Its rows now.
    package let rows: Int64
    /// When.
    package let at: Timestamp
}

/// One version of a dataset.
package struct DatasetVersion: Sendable, Equatable {
    /// The SHA-256 of columns and clean rows.
    package let version: String
    /// How many rows it had.
    package let rows: Int64
    /// How many columns.
    package let columns: Int
    /// What was read for it; nothing for rows that another feature made.
    package let sources: [SourceDigest]
    /// When it was complete.
    package let at: Timestamp

    /// The version as the API shows it.
    package var json: JSONValue {
        [
            "version": .string(version), "rows": .integer(rows), "columns": .int(columns),
            "sources": .array(sources.map(\.json)), "at": .integer(at.milliseconds),
        ]
    }
}
