package import Core
package import Runtimes
import Transforms

/// A model as explanations ask it: rows of numbers in, numbers out, whatever runs it.
///
/// A model with a recorded transform is explained in the columns that come out of the transform, which are those that
/// the model sees.
package struct ExplainedModel: Sendable {
    /// The features in the model's order.
    package let features: [String]
    /// The class names; empty for a regression.
    package let classes: [String]
    /// The probability from which class 1 is predicted.
    package let threshold: Double
    /// The runtime when it gives exact values.
    package let exact: (any ExplainableRuntime)?
    /// The sample of training rows in the model's features; empty when it has none.
    package let reference: [Float]
    /// The columns that `matrix` needs.
    package let columns: [String]
    private let model: any ModelRuntime
    private let transform: FittedTransform?

    /// Opens the model in a directory.
    ///
    /// - Parameters:
    ///   - path: the model directory.
    ///   - settings: how Python workers are run, should the model need them.
    /// - Returns: the model; whoever opened it closes it.
    /// - Throws: `dataLoss` for a damaged model, `unimplemented` for one that does not take rows of numbers.
    package static func open(_ path: String, settings: RuntimeSettings = RuntimeSettings()) async throws -> Self {
        let (directory, reference) = try await BlockingWork.run {
            let directory = try ModelDirectory.open(path)
            return (directory, try directory.reference())
        }
        let runtime = try await directory.load(settings)
        do {
            return try Self(directory, runtime, reference)
        } catch {
            await runtime.close()
            throw error
        }
    }

    private init(_ directory: ModelDirectory, _ runtime: any ModelRuntime, _ sample: Table?) throws {
        classes = directory.classes(of: runtime)
        threshold = directory.threshold
        if let transformed = runtime as? TransformedRows {
            (model, transform) = (transformed.model, transformed.transform)
        } else if let transformed = runtime as? TransformedColumns {
            (model, transform) = (transformed.model, transformed.transform)
        } else {
            (model, transform) = (runtime, nil)
        }
        exact = model as? any ExplainableRuntime
        if let transform {
            features = transform.outputs.map(\.name)
            columns = transform.inputs.map(\.name)
        } else {
            let signature = directory.signature(of: runtime).inputs
            let count = (model as? any RowRuntime)?.featureCount ?? signature.count
            guard count > 0, signature.isEmpty || signature.allSatisfy(\.type.isNumeric) else {
                throw MartletError(.unimplemented, "Only models that take rows of numbers can be explained.")
            }
            features = signature.count == count ? signature.map(\.name) : (0..<count).map { "feature \($0)" }
            columns = signature.count == count ? features : []
        }
        let kept = try sample.map { table in
            let limit = ExplanationLimits.backgroundRows
            let count = min(limit, table.rowCount)
            return try table.selecting((0..<count).map { $0 * table.rowCount / max(1, count) })
        }
        guard let kept else {
            reference = []
            return
        }
        reference = try Self.matrix(kept, transform, columns)
    }

    /// The rows of a table in the model's features; columns are found by name.
    ///
    /// - Throws: `invalidArgument` for a column that is missing or not numeric.
    package func matrix(_ table: Table) throws -> [Float] {
        let names = columns.isEmpty && table.columns.count == features.count ? table.columns.map(\.name) : columns
        guard !names.isEmpty else {
            throw MartletError(
                .invalidArgument,
                "The model does not name its \(features.count) features; give rows with exactly these columns."
            )
        }
        return try Self.matrix(table, transform, names)
    }

    private static func matrix(_ table: Table, _ transform: FittedTransform?, _ names: [String]) throws -> [Float] {
        try transform.map { try $0.matrix(table) } ?? table.matrix(of: names)
    }

    /// What the model says of rows: `count` groups of outputs.
    ///
    /// - Throws: what the model throws; `unimplemented` when its answer is not numbers.
    package func predict(_ rows: [Float], _ count: Int) async throws -> [Float] {
        if let rowModel = model as? any RowRuntime {
            return try await BlockingWork.run { try rowModel.predict(rows, count: count) }
        }
        let width = features.count
        let tensors = try features.enumerated().map { index, name in
            let column = (0..<count).map { Double(rows[$0 * width + index]) }
            return NamedTensor(name, try Tensor(shape: [count], elements: column))
        }
        switch try await model.infer(ModelCall(.tensors(tensors, .columns))).content {
        case .rows(let values, _): return values
        case .tensors(let tensors, _):
            guard let values = tensors.first?.tensor.doubles, values.count >= count, values.count % max(1, count) == 0
            else { break }
            return values.map { Float($0) }
        case .json: break
        }
        throw MartletError(.unimplemented, "The model answers with something else than numbers; it is not explained.")
    }

    /// Ends what runs outside this process.
    package func close() async {
        await model.close()
    }

    /// The unit of margins, by the objective that the model names.
    package var marginUnit: String {
        let objective = (exact as? TreeEnsemble)?.objective ?? ""
        let isLogistic = ["logistic", "binary", "cross_entropy", "multi", "softmax"].contains {
            objective.contains($0)
        }
        if isLogistic || (objective.isEmpty && !classes.isEmpty) { return "log-odds" }
        return ["poisson", "gamma", "tweedie"].contains { objective.contains($0) }
            ? "log of the prediction" : "prediction"
    }
}
