import Core
import Datasets

/// The rows of a tuning task: to train trials on, to judge them on, and both together for the final model.
struct TuningData: Sendable {
    /// Trains trials.
    let training: TrainingTable
    /// Judges trials.
    let validation: TrainingTable
    /// Trains the final model.
    let all: TrainingTable
    /// What the final model is packaged with.
    let source: TrainingData
    /// Which content of the dataset it is.
    let version: String

    /// What is learned.
    var task: LearningTask { source.columns.task }

    /// Takes the parts of a dataset.
    ///
    /// - Throws: `failedPrecondition` without a split, `invalidArgument` for data that cannot be learned from.
    init(_ options: TuningOptions, _ rows: DatasetRows, _ datasets: DatasetStore) async throws {
        let seed = options.training.spec.seed
        let data = try await TrainingParts(options.training, rows).data(datasets, seed: seed)
        let part = options.training.validationPart ?? "validation"
        guard let judged = data.validation else {
            throw MartletError(
                .failedPrecondition,
                "The dataset '\(options.training.dataset)' has no rows in the part '\(part)'; "
                    + "run learning.split before this step."
            )
        }
        var positions: [Int] = []
        for name in [options.training.trainPart, part] {
            positions += rows.splits.indices.filter { rows.splits[$0] == name }
        }
        source = try TrainingData(
            training: try rows.table.selecting(positions),
            validation: nil,
            columns: data.columns,
            transform: data.transform,
            categorical: options.training.spec.categorical,
            seed: seed
        )
        var random = SeededGenerator(seed: seed ^ 0x7065_726D)
        let permutes = options.permutesLabels
        training = permutes ? try data.training.permuted(&random) : data.training
        validation = permutes ? try judged.permuted(&random) : judged
        all = permutes ? try source.training.permuted(&random) : source.training
        version = rows.version
    }
}

extension TrainingTable {
    /// The same rows with their labels in random order.
    fileprivate func permuted(_ random: inout SeededGenerator) throws(MartletError) -> TrainingTable {
        var labels = labels
        labels.shuffle(using: &random)
        return try TrainingTable(
            featureNames: featureNames,
            values: values,
            labels: labels,
            classes: classes,
            weights: weights,
            groups: groups
        )
    }
}
