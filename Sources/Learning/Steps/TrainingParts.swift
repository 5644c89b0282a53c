import Core
import Datasets
import Transforms

/// The parts of a split dataset that a training takes.
struct TrainingParts: Sendable {
    private let options: TrainOptions
    private let rows: DatasetRows
    private let training: Table
    private let validation: Table?
    private let columns: TrainingColumns

    /// Finds the parts.
    ///
    /// - Throws: `failedPrecondition` when the dataset has no target, no training rows, or no rows in a part that is named.
    init(_ options: TrainOptions, _ rows: DatasetRows) throws(MartletError) {
        self.options = options
        self.rows = rows
        columns = try options.columns(column: rows.target?.column, classes: rows.target?.classes ?? [])
        guard let training = try Self.part(options.trainPart, rows) else {
            throw Self.isEmpty(options.trainPart, options.dataset)
        }
        self.training = training
        validation = try Self.part(options.validationPart ?? "validation", rows)
        if let name = options.validationPart, validation == nil { throw Self.isEmpty(name, options.dataset) }
    }

    private static func part(_ name: String, _ rows: DatasetRows) throws(MartletError) -> Table? {
        let positions = rows.splits.indices.filter { rows.splits[$0] == name }
        return positions.isEmpty ? nil : try rows.table.selecting(positions)
    }

    private static func isEmpty(_ part: String, _ dataset: String) -> MartletError {
        MartletError(
            .failedPrecondition,
            "The dataset '\(dataset)' has no rows in the part '\(part)'; run learning.split before this step."
        )
    }

    /// The rows as numbers, through the task's own transform or the dataset's, fitted on the training rows.
    ///
    /// - Parameters:
    ///   - datasets: knows the dataset's transform.
    ///   - seed: draws the reference sample.
    /// - Returns: what a trainer takes.
    /// - Throws: `invalidArgument` naming row and column that cannot be learned from.
    func data(_ datasets: DatasetStore, seed: UInt64) async throws -> TrainingData {
        let spec: TransformSpec?
        if let own = options.transform {
            spec = own
        } else {
            spec = try await datasets.spec(options.dataset).transform
        }
        return try await BlockingWork.run {
            try TrainingData(
                training: training,
                validation: validation,
                columns: columns,
                spec: spec,
                categorical: options.spec.categorical,
                seed: seed
            )
        }
    }
}
