import Core

/// An ONNX model over one float matrix, run by ONNX Runtime on the processor.
///
/// Of a classifier's outputs it takes the probabilities: with two classes the second column, so that the result is
/// the probability of class 1 as with every other runtime.
package final class ONNXModelRuntime: RowRuntime {
    package let name = "onnxruntime"
    package let placement = RuntimePlacement.library
    package let memoryBytes: Int
    package let featureCount: Int
    package let outputWidth: Int

    private let session: ONNXSession
    private let input: String
    private let output: String
    /// How many rows the model takes at once; nil for any number.
    private let fixedBatch: Int?
    /// Numbers in a row of the model's own output.
    private let modelWidth: Int
    private let takesSecondColumn: Bool

    /// Loads a model from its file's contents.
    ///
    /// - Throws: `dataLoss` for a damaged model, `unimplemented` for one that takes other than one float matrix,
    ///   `failedPrecondition` without the library.
    package init(_ bytes: [UInt8], threads: Int = 1) throws {
        let session = try ONNXSession(bytes, threads: Int32(clamping: max(1, threads)))
        guard session.inputs.count == 1, let input = session.inputs.first, input.elementType == ONNXPort.float,
            input.shape.count == 2, let width = Int(exactly: input.shape[1]), width > 0,
            width <= RuntimesLimits.features
        else {
            throw MartletError(
                .unimplemented,
                "The ONNX model must take one float tensor of shape [rows, features] with a fixed number of features."
            )
        }
        let floats = session.outputs.filter { $0.elementType == ONNXPort.float }
        guard let output = floats.last else {
            throw MartletError(
                .unimplemented,
                "The ONNX model has no float output; export a classifier without ZipMap (zipmap=False)."
            )
        }
        memoryBytes = bytes.count * RuntimesLimits.memoryPerModelByte
        self.session = session
        self.input = input.name
        self.output = output.name
        featureCount = width
        let batch = input.shape[0] > 0 ? Int(exactly: input.shape[0]) : nil
        fixedBatch = batch
        guard batch == nil || batch == 1 else {
            throw MartletError(.unimplemented, "The ONNX model takes exactly \(input.shape[0]) rows at once.")
        }
        let zeros = [Float](repeating: 0, count: width)
        let modelWidth = try zeros.withUnsafeBufferPointer { row in
            try session.run(row, count: 1, width: width, input: input.name, output: output.name) { values, shape in
                guard shape.count <= 2, shape.first == 1, !values.isEmpty else {
                    throw MartletError(.unimplemented, "The ONNX model must give one row of numbers for each row.")
                }
                return values.count
            }
        }
        self.modelWidth = modelWidth
        let hasLabels = session.outputs.contains { $0.elementType == ONNXPort.int64 }
        takesSecondColumn = modelWidth == 2 && (hasLabels || output.name.hasPrefix("prob"))
        outputWidth = takesSecondColumn ? 1 : modelWidth
    }

    package func predictUnchecked(
        _ rows: UnsafeBufferPointer<Float>,
        count: Int,
        into output: UnsafeMutableBufferPointer<Float>
    ) throws {
        let step = fixedBatch ?? count
        for first in stride(from: 0, to: count, by: step) {
            let part = UnsafeBufferPointer(rebasing: rows[first * featureCount..<(first + step) * featureCount])
            let range = first * outputWidth..<(first + step) * outputWidth
            try run(part, step, UnsafeMutableBufferPointer(rebasing: output[range]))
        }
    }

    private func run(
        _ rows: UnsafeBufferPointer<Float>,
        _ count: Int,
        _ result: UnsafeMutableBufferPointer<Float>
    ) throws {
        try session.run(rows, count: count, width: featureCount, input: input, output: output) { values, _ in
            guard values.count == count * modelWidth else {
                throw MartletError(.internal, "The ONNX model returned \(values.count) numbers for \(count) rows.")
            }
            guard takesSecondColumn else {
                _ = result.update(fromContentsOf: values)
                return
            }
            for row in 0..<count { result[row] = values[2 * row + 1] }
        }
    }
}
