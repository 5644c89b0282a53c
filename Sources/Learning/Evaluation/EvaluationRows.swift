import Core
import Datasets

/// The rows that a model is judged on, raw, with what is true of them.
struct EvaluationRows: Sendable {
    let table: Table
    let columns: TrainingColumns
    let truth: Truth

    /// Takes one part of a split dataset.
    ///
    /// - Throws: `failedPrecondition` when the part is empty, `invalidArgument` for a row without a truth.
    init(_ rows: DatasetRows, part: String, columns: TrainingColumns, dataset: String) throws(MartletError) {
        let positions = rows.splits.indices.filter { rows.splits[$0] == part }
        guard !positions.isEmpty else {
            throw MartletError(
                .failedPrecondition,
                "The dataset '\(dataset)' has no rows in the part '\(part)'; run learning.split before this step."
            )
        }
        let table = try rows.table.selecting(positions)
        let order = try columns.order(of: table)
        self.columns = columns
        if let order {
            self.table = try table.selecting(order.rows)
        } else {
            self.table = table
        }
        truth = try Truth(self.table, columns, groups: order?.groups ?? [])
    }

    /// Throws `failedPrecondition` unless the rows have the columns that a model takes.
    func require(_ names: [String]) throws(MartletError) {
        guard let missing = names.first(where: { table[$0] == nil }) else { return }
        throw MartletError(
            .failedPrecondition,
            "The model was trained on other columns than the dataset has: '\(missing)' is missing."
        )
    }

    /// At most `limit` rows, drawn evenly and kept in order.
    func sample(_ limit: Int) throws(MartletError) -> Table {
        guard table.rowCount > limit else { return table }
        var random = SeededGenerator(seed: 0)
        return try table.selecting(random.permutation(table.rowCount).prefix(limit).sorted())
    }
}
