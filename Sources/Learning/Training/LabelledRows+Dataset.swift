package import Core
package import Datasets

extension LabelledRows {
    /// The rows of one part of a dataset's split.
    ///
    /// - Parameters:
    ///   - rows: the dataset's clean rows.
    ///   - part: the part's name.
    ///   - dataset: the dataset's name, for messages.
    /// - Throws: `failedPrecondition` when the part is empty or the dataset has no target.
    package init(_ rows: DatasetRows, part: String, dataset: String) throws(MartletError) {
        guard let target = rows.target else {
            throw MartletError(
                .failedPrecondition,
                "The dataset '\(dataset)' declares no target; add 'target: {column: …, classes: […]}'."
            )
        }
        let positions = rows.splits.indices.filter { rows.splits[$0] == part }
        guard !positions.isEmpty else {
            throw MartletError(
                .failedPrecondition,
                "The dataset '\(dataset)' has no rows in the part '\(part)'; run learning.split before this step."
            )
        }
        try self.init(
            rows.table.selecting(positions),
            target: target.column,
            classes: target.classes
        )
    }
}
