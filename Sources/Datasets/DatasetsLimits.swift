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
    package static let defaultBlockRows: Int64 = 15_000
    /// Most rows that a manifest may ask to read and write together.
    package static let blockRows: Int64 = 50_000
    /// Bytes of text after which a block ends early.
    package static let blockBytes = 16 * 1024 * 1024
    /// Most lines that `skip_lines` may skip.
    package static let skipLines: Int64 = 10_000
    /// Longest record of a file and row of a page, in bytes.
    package static let recordBytes = 4 * 1024 * 1024
    /// Bytes read from a file at a time.
    package static let readBytes = 256 * 1024
    /// Largest object of a bucket that is brought here to be read, in bytes.
    package static let objectBytes: Int64 = 64 * 1024 * 1024 * 1024
    /// Most cells read into one table.
    package static let tableCells: Int64 = 200_000_000
    /// Most rows in one append or replacement.
    package static let appendRows = 1_000_000
    /// Bytes from which a compressed file is watched for expanding too much.
    package static let expansionFloor: Int64 = 16 * 1024 * 1024
    /// How many times its size a compressed file may expand to.
    package static let expansionRatio: Int64 = 500
    /// Largest answer of an API, in bytes.
    package static let pageBytes = 32 * 1024 * 1024
    /// Most pages of one group and date.
    package static let pages: Int64 = 100_000
    /// Most groups that an API is asked for.
    package static let groups = 10_000
    /// Most days that an API is asked for.
    package static let dates: Int64 = 36_600
    /// Most headers, and most parameters, of a request.
    package static let requestFields = 64
    /// Seconds that a request may take when the manifest does not say.
    package static let requestSeconds = 60
    /// How often a request may be tried again.
    package static let retries = 20
    /// Longest that an API may ask to be left alone for, in seconds.
    package static let retryAfterSeconds = 300
    /// Pages that are remembered, to recognise one that comes again.
    package static let rememberedPages = 1000
    /// Longest SQL query of a source, in bytes.
    package static let queryBytes = 65_536
    /// Most columns of a key.
    package static let keyColumns = 16
    /// Values bound by one statement that inserts rows.
    package static let insertValues = 8000
    /// Rows inserted by one statement.
    package static let insertRows = 500
    /// Changes of schema that are kept of a dataset.
    package static let driftEvents = 200
    /// Versions that are kept of a dataset.
    package static let versions = 500
    /// How many offending rows a failed check names.
    package static let exampleRows = 5
}
