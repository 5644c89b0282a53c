package import Core

/// A transform with all that it learned from the training rows: what travels with a model and is applied before it.
///
/// Missing values, infinities and categories that were not there in training have a defined result in every step, and a
/// number that is not finite is missing wherever it comes up.
package struct FittedTransform: Sendable, Equatable {
    /// The columns it needs, in the order of the training table; columns beside them are ignored.
    package let inputs: [TransformColumn]
    /// The columns it makes, in order.
    package let outputs: [TransformColumn]
    /// What is done, one column at a time.
    package let steps: [FittedStep]
    let plan: TransformPlan

    /// Puts fitted steps together.
    ///
    /// - Throws: `invalidArgument` when a step names a column that is not there or is of another type.
    init(inputs: [TransformColumn], steps: [FittedStep]) throws(MartletError) {
        plan = try TransformPlan(inputs: inputs, steps: steps)
        self.inputs = inputs
        self.steps = steps
        outputs = plan.columns
    }

    /// Whether all columns that it makes are numbers.
    package var makesNumbers: Bool { outputs.allSatisfy { $0.kind != .string } }

    package static func == (left: FittedTransform, right: FittedTransform) -> Bool {
        left.inputs == right.inputs && left.steps == right.steps
    }

    /// Transforms a table.
    ///
    /// - Parameters:
    ///   - table: A table with at least the columns of `inputs`, found by name.
    ///   - keeping: Columns of the table that come unchanged behind those made, such as the target.
    /// - Returns: The columns of `outputs`, then those kept.
    /// - Throws: `invalidArgument` for a column that is missing or of a wrong type, or a category that is refused.
    package func apply(_ table: Table, keeping: [String] = []) throws(MartletError) -> Table {
        let made = try TransformTable(transform: self).apply(table)
        var columns = made
        for name in keeping { columns.append(try table.column(name)) }
        return try Table(columns: columns)
    }

    /// Transforms a table into 32-bit floats, row-major: `rowCount × outputs.count`, NaN where missing.
    ///
    /// - Throws: `failedPrecondition` when a column that it makes is text, else as `apply`.
    package func matrix(_ table: Table) throws(MartletError) -> [Float] {
        guard makesNumbers else {
            let text = outputs.filter { $0.kind == .string }.prefix(5).map(\.name).joined(separator: ", ")
            throw MartletError(
                .failedPrecondition,
                "The transform leaves columns of text (\(text)); encode or drop them before a model that takes numbers."
            )
        }
        return try TransformTable(transform: self).matrix(table)
    }
}
