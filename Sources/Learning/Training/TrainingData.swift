package import Core
package import Transforms

/// What one training learns from, taken out of tables: rows of numbers, and how raw rows become them.
package struct TrainingData: Sendable {
    /// The rows to learn from.
    package let training: TrainingTable
    /// The rows that rounds are judged on; nil for none.
    package let validation: TrainingTable?
    /// How raw rows become rows of numbers; nil when they are that already.
    package let transform: FittedTransform?
    /// The raw columns that a model of this training takes.
    package let inputs: [TransformColumn]
    /// A sample of the raw training rows without the target.
    package let reference: Table
    /// Which columns say what.
    package let columns: TrainingColumns

    /// Takes tables apart.
    ///
    /// - Parameters:
    ///   - training: the raw training rows.
    ///   - validation: the raw validation rows; nil for none.
    ///   - columns: which columns say what.
    ///   - transform: what was fitted before, on these rows or fewer of them; nil to fit `spec`.
    ///   - spec: what is done to the raw columns, fitted on the training rows; nil to take numbers as they are. Columns of
    ///     text that `categorical` names are then turned into codes.
    ///   - categorical: the features that are categories.
    ///   - seed: draws the sample.
    /// - Throws: `invalidArgument` naming row and column that cannot be learned from.
    package init(
        training: Table,
        validation: Table?,
        columns: TrainingColumns,
        transform: FittedTransform? = nil,
        spec: TransformSpec? = nil,
        categorical: [String] = [],
        seed: UInt64 = 0
    ) throws(MartletError) {
        let features = try columns.features(of: training)
        var columns = columns
        var (transform, fitted): (FittedTransform?, Table?) = (transform, nil)
        if transform != nil {
            // Nothing is left to fit.
        } else if let spec {
            let made = try FittedTransform.fitting(
                spec,
                training,
                target: columns.target,
                ignoring: columns.reserved
            )
            (transform, fitted) = (made.transform, made.training)
        } else {
            transform = try Self.codes(of: features, training, columns, categorical: categorical)
        }
        let first = try Self.table(training, columns, transform, fitted: fitted)
        columns.classes = first.classes
        self.training = first
        if let validation {
            self.validation = try Self.table(validation, columns, transform, fitted: nil)
        } else {
            self.validation = nil
        }
        self.transform = transform
        self.columns = columns
        inputs =
            transform?.inputs
            ?? training.columns.filter { features.contains($0.name) }.map { TransformColumn($0.name, $0.transformKind) }
        let names = inputs.map(\.name)
        let raw = try Table(columns: training.columns.filter { names.contains($0.name) })
        var random = SeededGenerator(seed: seed)
        let limit = LearningLimits.referenceRows
        reference =
            raw.rowCount <= limit
            ? raw : try raw.selecting(Array(random.permutation(raw.rowCount).prefix(limit)).sorted())
    }

    /// A transform that turns categories in text into codes; nil when no feature is text.
    private static func codes(
        of features: [String],
        _ training: Table,
        _ columns: TrainingColumns,
        categorical: [String]
    ) throws(MartletError) -> FittedTransform? {
        var texts: [String] = []
        for name in features {
            guard case .strings(let values) = try training.column(name).values,
                training[name]?.numbers == nil || categorical.contains(name)
            else { continue }
            guard categorical.contains(name) else {
                let example = values.lazy.compactMap { $0 }.first { Double($0) == nil } ?? ""
                throw MartletError(
                    .invalidArgument,
                    "The column '\(name)' is text ('\(example.prefix(40))'): encode it with a transform of the dataset, name it in "
                        + "'categorical', or leave it out with 'ignore'."
                )
            }
            texts.append(name)
        }
        guard !texts.isEmpty else { return nil }
        let spec = TransformSpec(steps: [.encode(.names(texts), .ordinal(order: []), .ignore)])
        return try FittedTransform.fit(
            spec,
            training,
            target: columns.target,
            ignoring: columns.reserved
        )
    }

    /// Rows of one part as numbers.
    package static func table(
        _ table: Table,
        _ columns: TrainingColumns,
        _ transform: FittedTransform?,
        fitted: Table? = nil
    ) throws(MartletError) -> TrainingTable {
        var rows = table
        var groups: [Int] = []
        var made = fitted
        if let order = try columns.order(of: table) {
            rows = try table.selecting(order.rows)
            made = try fitted?.selecting(order.rows)
            groups = order.groups
        }
        let (labels, classes) = try columns.labels(of: rows)
        let names: [String]
        let values: [Float]
        if let transform {
            names = transform.outputs.map(\.name)
            if let made {
                values = try made.matrix(of: names)
            } else {
                values = try transform.matrix(rows)
            }
        } else {
            names = try columns.features(of: rows)
            values = try rows.matrix(of: names)
        }
        var weights: [Float]?
        if let weight = columns.weight {
            guard let numbers = try rows.column(weight).numbers else {
                throw MartletError(.invalidArgument, "The column '\(weight)' of weights is text.")
            }
            weights = numbers.map { Float($0) }
        }
        return try TrainingTable(
            featureNames: names,
            values: values,
            labels: labels,
            classes: classes,
            weights: weights,
            groups: groups
        )
    }
}
