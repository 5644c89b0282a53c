package import Core

extension FittedTransform {
    /// Learns from the training rows what a specification needs.
    ///
    /// - Parameters:
    ///   - spec: What is to be done.
    ///   - table: The training rows and no others.
    ///   - target: The column to predict: it is no input, and `encode` by target looks at it.
    ///   - ignoring: Columns that are no inputs either.
    /// - Returns: The transform.
    /// - Throws: `invalidArgument` naming the step and column that do not fit the table.
    package static func fit(
        _ spec: TransformSpec,
        _ table: Table,
        target: String? = nil,
        ignoring: Set<String> = []
    ) throws(MartletError) -> FittedTransform {
        try fitting(spec, table, target: target, ignoring: ignoring).transform
    }

    /// Learns from the training rows, and gives them transformed.
    ///
    /// The rows are as `apply` would make them but for columns encoded by the target: there each training row gets the
    /// number that the other rows stand for, so that it does not see its own target (five folds, by a fixed seed).
    ///
    /// - Parameters:
    ///   - spec: What is to be done.
    ///   - table: The training rows and no others.
    ///   - target: The column to predict.
    ///   - ignoring: Columns that are no inputs either.
    /// - Returns: The transform and the training rows' columns in the order of its `outputs`.
    /// - Throws: `invalidArgument` naming the step and column that do not fit the table.
    package static func fitting(
        _ spec: TransformSpec,
        _ table: Table,
        target: String? = nil,
        ignoring: Set<String> = []
    ) throws(MartletError) -> (transform: FittedTransform, training: Table) {
        guard table.rowCount > 0 else {
            throw MartletError(.invalidArgument, "A transform is fitted on training rows, and there are none.")
        }
        let excluded = ignoring.union(target.map { [$0] } ?? [])
        let columns = table.columns.filter { !excluded.contains($0.name) }
        for column in columns { try requireExact(column) }
        var fitting = TransformFitting(
            table: try Table(columns: columns),
            target: target.flatMap { table[$0] },
            excluded: excluded
        )
        for step in spec.steps { try fitting.add(step) }
        let inputs = columns.map { TransformColumn($0.name, $0.transformKind) }
        let (used, steps) = UsedColumns.only(
            inputs: inputs,
            steps: fitting.steps,
            outputs: fitting.table.columns.map(\.name)
        )
        let transform = try FittedTransform(inputs: used, steps: steps)
        return (transform, fitting.table)
    }

    private static func requireExact(_ column: Column) throws(MartletError) {
        guard case .integers(let values) = column.values else { return }
        let limit: Int64 = 1 << 53
        if let row = values.firstIndex(where: { $0.map { $0 > limit || $0 < -limit } ?? false }) {
            throw MartletError(
                .invalidArgument,
                "Row \(row + 1) of the column '\(column.name)' is beyond ±2^53; declare the column as a string."
            )
        }
    }
}
