package import Core

/// A dataset with its columns, checks and split.
package struct DatasetDetail: Sendable, Equatable {
    /// One column with what its clean values are like.
    package struct ColumnProfile: Sendable, Equatable {
        /// The column.
        package let column: DatasetColumn
        /// How many values are missing.
        package let nulls: Int64
        /// The smallest number; nil for text and for columns without values.
        package let minimum: Double?
        /// The largest number.
        package let maximum: Double?
        /// The mean of the numbers.
        package let mean: Double?
        /// Cells of the file that were not of the column's type and became missing.
        package let invalid: Int64
    }

    /// One part of the split and how many rows are in it.
    package struct SplitCount: Sendable, Equatable {
        /// The part's name.
        package let name: String
        /// Its rows.
        package let rows: Int64
    }

    /// What the list shows.
    package let summary: DatasetSummary
    /// The column to predict.
    package let target: DatasetTarget?
    /// The columns in order.
    package let columns: [ColumnProfile]
    /// The results of the last checks.
    package let checks: [CheckResult]
    /// When the last checks ran.
    package let checkedAt: Timestamp?
    /// The parts of the split, by name.
    package let splits: [SplitCount]
    /// Changes of the source's columns, the newest first.
    package let drift: [DriftEvent]
    /// Its versions, the newest first.
    package let versions: [DatasetVersion]
    /// The SQL tables with its raw and clean rows; nil before the first ingestion.
    package let tables: [String]?

    /// The dataset as the API shows it.
    package var json: JSONValue {
        var object = summary.json.objectValue ?? [:]
        object["target"] = target?.json ?? .null
        object["columns"] = .array(
            columns.map { profile in
                [
                    "name": .string(profile.column.name), "type": .string(profile.column.kind.rawValue),
                    "nulls": .integer(profile.nulls), "min": .optional(profile.minimum),
                    "max": .optional(profile.maximum), "mean": .optional(profile.mean),
                    "invalid": .integer(profile.invalid),
                ]
            }
        )
        object["checks"] = .array(checks.map(\.json))
        object["checked_at"] = .optional(checkedAt?.milliseconds)
        object["drift"] = .array(drift.map(\.json))
        object["versions"] = .array(versions.map(\.json))
        object["tables"] = tables.map { .array($0.map(JSONValue.string)) } ?? .null
        object["splits"] = .array(splits.map { ["name": .string($0.name), "rows": .integer($0.rows)] })
        return .object(object)
    }
}
