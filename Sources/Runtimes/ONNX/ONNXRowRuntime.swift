import CModelLibraries
package import Core

/// An ONNX model that turns rows of numbers into rows of numbers, and answers with its own tensors as well.
///
/// Of a classifier's outputs it takes the probabilities: with two classes the second column, so that the result is
/// the probability of class 1 as with every other runtime.
package final class ONNXRowRuntime: RowRuntime {
    package let name: String
    package let placement: RuntimePlacement
    package let featureCount: Int
    package let outputWidth: Int
    package var inputs: [TensorSpec] { model.inputs }
    package var outputs: [TensorSpec] { model.outputs }
    package var memoryBytes: Int { model.memoryBytes + (trees?.memoryBytes ?? 0) }
    /// The classes in the order of the probabilities; empty when the file does not say or gives no probabilities.
    package let classLabels: [String]

    private let model: ONNXModelRuntime
    private let plan: ONNXRowPlan
    private let trees: TreeEnsemble?
    /// Numbers in a row of the model's own output.
    private let modelWidth: Int
    private let takesSecondColumn: Bool

    /// Takes a model that can be told what a row is; rows go to `trees` where that holds the same model.
    ///
    /// - Throws: `unimplemented` for a model of another shape.
    package init(_ model: ONNXModelRuntime, trees: TreeEnsemble? = nil) throws {
        guard let plan = ONNXRowPlan(model.graph) else {
            throw MartletError(
                .unimplemented,
                "The ONNX model does not turn rows of numbers into rows of numbers: send it its own tensors."
            )
        }
        let trees = trees.flatMap { $0.featureCount == plan.featureCount ? $0 : nil }
        self.model = model
        self.plan = plan
        self.trees = trees
        name = trees?.name ?? model.name
        placement = trees?.placement ?? .library
        featureCount = plan.featureCount
        let classes: Int
        if let trees {
            modelWidth = trees.outputWidth
            takesSecondColumn = false
            outputWidth = trees.outputWidth
            classes = trees.outputWidth == 1 ? 2 : trees.outputWidth
        } else {
            modelWidth = try Self.width(model, plan)
            let output = model.graph.outputs[plan.output]
            let hasLabels = model.graph.outputs.count > 1 || output.kind == .labelled
            takesSecondColumn = modelWidth == 2 && (hasLabels || output.name.hasPrefix("prob"))
            outputWidth = takesSecondColumn ? 1 : modelWidth
            classes = takesSecondColumn ? 2 : modelWidth
        }
        classLabels = model.classLabels.count == classes && classes > 1 ? model.classLabels : []
    }

    /// Numbers in the prediction of one row, found by predicting one.
    private static func width(_ model: ONNXModelRuntime, _ plan: ONNXRowPlan) throws -> Int {
        let zeros = [Float](repeating: 0, count: plan.featureCount)
        let tensors = try zeros.withUnsafeBufferPointer { row throws(MartletError) in
            try plan.tensors(row, count: 1)
        }
        guard let result = try model.run(tensors, wanted: [plan.output]).first, result.shape.count <= 2,
            result.shape.first ?? 1 == 1, result.count > 0, result.count <= RuntimesLimits.outputs
        else {
            throw MartletError(.unimplemented, "The ONNX model does not give one row of numbers for each row.")
        }
        return result.count
    }

    package func infer(_ call: ModelCall) async throws -> ModelResult {
        guard case .rows(let values, let count) = call.input else { return try await model.infer(call) }
        let outputs =
            placement == .own
            ? try predict(values, count: count)
            : try await BlockingWork.run { try self.predict(values, count: count) }
        return ModelResult(.rows(outputs, count: count))
    }

    package func predictUnchecked(
        _ rows: UnsafeBufferPointer<Float>,
        count: Int,
        into output: UnsafeMutableBufferPointer<Float>
    ) throws {
        if let trees { return try trees.predictUnchecked(rows, count: count, into: output) }
        let step = plan.isSingle ? 1 : count
        for first in stride(from: 0, to: count, by: step) {
            let part = UnsafeBufferPointer(rebasing: rows[first * featureCount..<(first + step) * featureCount])
            let range = first * outputWidth..<(first + step) * outputWidth
            try predict(part, step, UnsafeMutableBufferPointer(rebasing: output[range]))
        }
    }

    private func predict(
        _ rows: UnsafeBufferPointer<Float>,
        _ count: Int,
        _ output: UnsafeMutableBufferPointer<Float>
    ) throws {
        if case .matrix(.float32) = plan.inputs, case .tensor(.float32, _) = model.graph.outputs[plan.output].kind {
            return try model.session().run(rows, [Int64(count), Int64(featureCount)], wanted: plan.output) { values in
                try take(values, count, output)
            }
        }
        guard let result = try model.run(plan.tensors(rows, count: count), wanted: [plan.output]).first,
            let floats = result.floats
        else {
            throw MartletError(.internal, "The ONNX model gave no numbers.")
        }
        try floats.withUnsafeBufferPointer { try take($0, count, output) }
    }

    private func take(
        _ values: UnsafeBufferPointer<Float>,
        _ count: Int,
        _ output: UnsafeMutableBufferPointer<Float>
    ) throws {
        guard values.count == count * modelWidth else {
            throw MartletError(.internal, "The ONNX model returned \(values.count) numbers for \(count) rows.")
        }
        guard takesSecondColumn else {
            _ = output.update(fromContentsOf: values)
            return
        }
        for row in 0..<count { output[row] = values[2 * row + 1] }
    }
}

extension ONNXSession {
    /// Runs one matrix of floats through the model without copying it, and lends the floats of one output to `body`.
    func run(
        _ rows: UnsafeBufferPointer<Float>,
        _ shape: [Int64],
        wanted: Int,
        _ body: (UnsafeBufferPointer<Float>) throws -> Void
    ) throws {
        let api = library.table.pointee
        guard let start = rows.baseAddress else { throw MartletError(.invalidArgument, "There are no rows.") }
        let value = try library.make("take the rows") {
            // The library only reads an input, although its type says otherwise.
            api.CreateTensorWithDataAsOrtValue(
                library.memory,
                UnsafeMutableRawPointer(mutating: UnsafeRawPointer(start)),
                rows.count * MemoryLayout<Float>.stride,
                shape,
                shape.count,
                Int32(DataType.float32.onnxCode),
                $0
            )
        }
        defer { api.ReleaseValue(value) }
        try run([value], wanted: [wanted]) { results in
            let info = try library.make("describe the result") { api.GetTensorTypeAndShape(results[0], $0) }
            defer { api.ReleaseTensorTypeAndShapeInfo(info) }
            var rank = 0
            try library.check(api.GetDimensionsCount(info, &rank), "describe the result")
            guard rank <= CoreLimits.tensorRank else {
                throw MartletError(.internal, "The ONNX model returned a result of \(rank) dimensions.")
            }
            var extents = [Int64](repeating: 1, count: max(1, rank))
            try library.check(api.GetDimensions(info, &extents, rank), "describe the result")
            let count = try Tensor.elementCount(of: extents.map { Int(clamping: $0) })
            let data = try library.make("return the result") { api.GetTensorMutableData(results[0], $0) }
            try body(UnsafeBufferPointer(start: data.assumingMemoryBound(to: Float.self), count: count))
        }
    }
}
