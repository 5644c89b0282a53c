package import Core

/// One dataset in a list.
package struct DatasetSummary: Sendable, Equatable {
    /// The name.
    package let name: String
    /// `file`, `s3`, `http`, `sql`, or `rows` for a dataset that another feature made.
    package let origin: String
    /// The file's path relative to the manifest, or the address, when it has a source.
    package let file: String?
    /// Rows in the raw table so far.
    package let rawRows: Int64
    /// Rows in the clean table so far.
    package let cleanRows: Int64
    /// How many columns it has; 0 before the first ingestion when the header names them.
    package let columnCount: Int
    /// The SHA-256 of the clean rows; nil while they are not complete.
    package let version: String?
    /// Whether the last checks passed; nil when none ran.
    package let checksPassed: Bool?
    /// When it last changed.
    package let updatedAt: Timestamp

    /// The dataset as the API shows it.
    package var json: JSONValue {
        [
            "name": .string(name), "origin": .string(origin), "file": .optional(file),
            "raw_rows": .integer(rawRows),
            "clean_rows": .integer(cleanRows), "columns": .int(columnCount),
            "version": .optional(version),
            "checks_passed": checksPassed.map(JSONValue.bool) ?? .null,
            "updated_at": .integer(updatedAt.milliseconds),
        ]
    }
}
