package import Core

/// Clean rows of a dataset with their ids, read at one moment.
package struct DatasetRows: Sendable {
    /// The rows' ids, ascending; stable as long as the dataset is not ingested anew or replaced.
    package let ids: [Int64]
    /// The part of the split that each row is in; nil for rows in none.
    package let splits: [String?]
    /// The columns: numbers with NaN where missing, whole numbers (also classes, by number), text.
    package let table: Table
    /// The dataset's content version.
    package let version: String
    /// The column to predict, when the dataset declares one.
    package let target: DatasetTarget?

    /// Throws `resourceExhausted` when so many rows and columns are too many to read into one table.
    package static func requireFits(rows: Int64, columns: Int, dataset: String) throws(MartletError) {
        let (cells, overflow) = rows.multipliedReportingOverflow(by: Int64(max(1, columns)))
        guard !overflow, cells <= DatasetsLimits.tableCells else {
            throw MartletError(
                .resourceExhausted,
                "The dataset '\(dataset)' has \(rows) rows of \(columns) columns; at most \(DatasetsLimits.tableCells) cells fit in memory."
            )
        }
    }
}
