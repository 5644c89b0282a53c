package import Core
package import Transforms

/// A model of rows of numbers behind a recorded transform of columns of numbers and text.
package final class TransformedColumns: TabularRuntime {
    package let outputWidth: Int
    /// What is done to the raw columns.
    package let transform: FittedTransform
    /// The model that sees the result.
    package let model: any RowRuntime

    /// Puts a transform before a model.
    ///
    /// - Throws: `invalidArgument` when it makes other columns than the model takes.
    package init(_ transform: FittedTransform, _ model: any RowRuntime) throws(MartletError) {
        try Self.check(transform, model)
        self.transform = transform
        self.model = model
        outputWidth = model.outputWidth
    }

    static func check(_ transform: FittedTransform, _ model: any RowRuntime) throws(MartletError) {
        guard transform.makesNumbers, transform.outputs.count == model.featureCount else {
            throw MartletError(
                .invalidArgument,
                "The model's transform makes \(transform.outputs.count) columns, but the model takes \(model.featureCount) numbers."
            )
        }
    }

    package var name: String { model.name }
    package var placement: RuntimePlacement { model.placement }
    package var memoryBytes: Int { model.memoryBytes }
    package var outputs: [TensorSpec] { model.outputs }

    package var inputs: [TensorSpec] {
        transform.inputs.map { TensorSpec($0.name, $0.kind == .string ? .bytes : .float64, [-1]) }
    }

    package func infer(_ call: ModelCall) async throws -> ModelResult {
        guard case .tensors(let tensors, _) = call.input else {
            throw MartletError(
                .invalidArgument,
                "The model takes a table with the columns \(transform.inputs.prefix(5).map(\.name).joined(separator: ", "))."
            )
        }
        let table = try Self.table(tensors)
        let work: @Sendable () throws -> [Float] = { [self] in try predict(table) }
        let outputs = placement == .own ? try work() : try await BlockingWork.run(work)
        return ModelResult(.rows(outputs, count: table.rowCount))
    }

    /// Predicts the rows of a table, whose columns are found by name.
    ///
    /// - Throws: `invalidArgument` for a column that is missing or of a wrong type.
    package func predict(_ table: Table) throws -> [Float] {
        try model.predict(try transform.matrix(table), count: table.rowCount)
    }

    private static func table(_ tensors: [NamedTensor]) throws(MartletError) -> Table {
        var columns: [Column] = []
        for named in tensors {
            if let numbers = named.tensor.doubles {
                columns.append(Column(name: named.name, values: .numbers(numbers)))
                continue
            }
            // As in a CSV file, an empty text is a missing one.
            let texts: [String?] = named.tensor.texts.map { $0.isEmpty ? nil : String(validating: $0, as: UTF8.self) }
            columns.append(Column(name: named.name, values: .strings(texts)))
        }
        return try Table(columns: columns)
    }
}
