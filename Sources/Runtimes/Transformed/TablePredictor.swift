package import Core
package import Transforms

/// A model of this process that is asked about the rows of a table.
package struct TablePredictor: Sendable {
    private enum Kind: Sendable {
        case rows(any RowRuntime, names: [String])
        case columns(TransformedColumns)
    }

    private let kind: Kind

    /// Numbers in an output row.
    package let outputWidth: Int

    init(_ runtime: any TabularRuntime, names: [String]) throws(MartletError) {
        outputWidth = runtime.outputWidth
        if let rows = runtime as? any RowRuntime {
            kind = .rows(rows, names: names)
        } else if let columns = runtime as? TransformedColumns {
            kind = .columns(columns)
        } else {
            throw MartletError(.unimplemented, "The model does not turn rows of a table into rows of numbers.")
        }
    }

    /// The columns that it needs; empty when the model does not name them.
    package var columns: [String] {
        switch kind {
        case .rows(_, let names): names
        case .columns(let model): model.transform.inputs.map(\.name)
        }
    }

    /// The runtime, when it takes rows of numbers.
    package var rows: (any RowRuntime)? {
        if case .rows(let runtime, _) = kind { runtime } else { nil }
    }

    /// The model behind the transform, if there is one.
    package var model: any RowRuntime {
        switch kind {
        case .rows(let runtime, _): (runtime as? TransformedRows)?.model ?? runtime
        case .columns(let model): model.model
        }
    }

    /// How raw columns become the model's features; nil when they are that already.
    package var transform: FittedTransform? {
        switch kind {
        case .rows(let runtime, _): (runtime as? TransformedRows)?.transform
        case .columns(let model): model.transform
        }
    }

    /// The features that the model behind the transform sees, row-major, and their names.
    ///
    /// - Throws: `invalidArgument` for a column that is missing or of a wrong type.
    package func features(of table: Table) throws -> (names: [String], values: [Float]) {
        if let transform { return (transform.outputs.map(\.name), try transform.matrix(table)) }
        return (columns, try table.matrix(of: columns))
    }

    /// Predicts every row, with blocking calls.
    ///
    /// - Parameters:
    ///   - table: the rows, whose columns are found by name.
    ///   - ignoring: columns that are none of a model that does not name its own, such as the target.
    /// - Returns: `rowCount × outputWidth` numbers.
    /// - Throws: `invalidArgument` for a column that is missing or of a wrong type.
    package func predict(_ table: Table, ignoring: Set<String> = []) throws -> [Float] {
        switch kind {
        case .rows(let runtime, let names):
            let known = names.isEmpty ? table.columns.map(\.name).filter { !ignoring.contains($0) } : names
            return try runtime.predict(table.matrix(of: known), count: table.rowCount)
        case .columns(let model): return try model.predict(table)
        }
    }
}

extension ModelDirectory {
    /// Loads a model that answers rows of a table with rows of numbers.
    ///
    /// Blocks: call it through `BlockingWork`.
    ///
    /// - Throws: as `load`, and `unimplemented` for a model of another kind.
    package func loadPredictor(_ preference: RuntimePreference = .automatic) throws -> TablePredictor {
        guard flavor != .python, let tabular = try native(preference, threads: 1) as? any TabularRuntime else {
            throw MartletError(.unimplemented, "The model does not turn rows of a table into rows of numbers.")
        }
        return try TablePredictor(tabular, names: featureNames)
    }
}
