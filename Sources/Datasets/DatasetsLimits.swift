/// The named maxima of datasets.
package enum DatasetsLimits {
    /// Most datasets in one manifest.
    package static let datasets = 256
    /// Most columns of a dataset (SQLite takes 2,000 a table, PostgreSQL 1,600; three are Martlet's own).
    package static let columns = 1000
    /// Longest dataset or split name, in bytes.
    package static let nameBytes = 64
    /// Longest column name, in bytes.
    package static let columnNameBytes = 256
    /// Longest sanitised part of an SQL identifier, in bytes (PostgreSQL cuts identifiers at 63).
    package static let identifierBytes = 40
    /// Most classes of a target column.
    package static let classes = 1000
    /// Most checks of a dataset.
    package static let checks = 200
    /// Most parts of a split.
    package static let splitParts = 16
    /// Rows read and written together when the manifest does not say.
    package static let defaultBlockRows: Int64 = 1000
    /// Most rows that a manifest may ask to read and write together.
    package static let blockRows: Int64 = 50_000
    /// Most lines that `skip_lines` may skip.
    package static let skipLines: Int64 = 10_000
    /// Longest record of a CSV file, in bytes.
    package static let recordBytes = 4 * 1024 * 1024
    /// Bytes read from a file at a time.
    package static let readBytes = 256 * 1024
    /// Most cells read into one table.
    package static let tableCells: Int64 = 200_000_000
    /// Most rows in one append or replacement.
    package static let appendRows = 1_000_000
    /// How many offending rows a failed check names.
    package static let exampleRows = 5
}
