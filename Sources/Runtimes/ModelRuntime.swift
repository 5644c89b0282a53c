package import Core

/// A loaded model; one value may be used by many tasks at once.
///
/// There are two kinds. A `RowRuntime` takes tabular numbers, which is the fast way. Every runtime takes a `ModelCall`,
/// which holds whatever tensors, tables or objects a protocol brought.
package protocol ModelRuntime: Sendable {
    /// What runs the model, for reports: `trees`, `xgboost`, `lightgbm`, `onnxruntime` or `python`.
    var name: String { get }
    /// The tensors that it takes; -1 as the first extent stands for the rows. Empty when it does not say.
    var inputs: [TensorSpec] { get }
    /// The tensors that it gives. Empty when it does not say.
    var outputs: [TensorSpec] { get }
    /// Where it computes.
    var placement: RuntimePlacement { get }
    /// Roughly how much memory the loaded model takes, in bytes.
    var memoryBytes: Int { get }

    /// Runs the model.
    ///
    /// - Throws: `invalidArgument` for what the model does not take, `deadlineExceeded`, `unavailable` while its worker
    ///   is away, `internal` when the library fails.
    func infer(_ call: ModelCall) async throws -> ModelResult

    /// Ends what the model runs outside this process; calls under way finish first.
    func close() async
}

extension ModelRuntime {
    package func close() async {}
}

/// Where a runtime computes, which decides on whose thread it may be called.
package enum RuntimePlacement: Sendable, Equatable {
    /// In Martlet's own code: it neither blocks nor calls into a library.
    case own
    /// In a library of this process: it is called on a thread that may block.
    case library
    /// In another process: the call waits without a thread.
    case process
}

/// A runtime that answers with rows of numbers, whatever it takes.
package protocol TabularRuntime: ModelRuntime {
    /// Numbers in an output row: 1 for binary and regression, else the number of classes.
    var outputWidth: Int { get }
}

/// A runtime that turns rows of numbers into rows of numbers.
///
/// Rows are row-major Float with NaN for missing. An output row is the probability of class 1 (binary), one
/// probability per class (multi-class), or the value (regression).
package protocol RowRuntime: TabularRuntime {
    /// Numbers in an input row.
    var featureCount: Int { get }

    /// Predicts `count` rows. Callers use `predict(_:count:into:)`, which checks the sizes first.
    func predictUnchecked(
        _ rows: UnsafeBufferPointer<Float>,
        count: Int,
        into output: UnsafeMutableBufferPointer<Float>
    ) throws
}

extension RowRuntime {
    package var inputs: [TensorSpec] { [TensorSpec("input", .float32, [-1, featureCount])] }

    package var outputs: [TensorSpec] {
        [TensorSpec("predict", .float32, outputWidth > 1 ? [-1, outputWidth] : [-1])]
    }

    package func infer(_ call: ModelCall) async throws -> ModelResult {
        guard case .rows(let values, let count) = call.input else {
            throw MartletError(.invalidArgument, "The model takes rows of \(featureCount) numbers.")
        }
        let outputs =
            placement == .own
            ? try predict(values, count: count) : try await BlockingWork.run { try self.predict(values, count: count) }
        return ModelResult(.rows(outputs, count: count))
    }

    /// Predicts `count` rows into the caller's buffer, without allocating where the runtime allows that.
    ///
    /// - Parameters:
    ///   - rows: exactly `count * featureCount` numbers, row-major; NaN is missing.
    ///   - count: the number of rows, 0 or more.
    ///   - output: exactly `count * outputWidth` numbers.
    /// - Throws: `invalidArgument` when a size does not fit; `internal` when the library fails.
    package func predict(
        _ rows: UnsafeBufferPointer<Float>,
        count: Int,
        into output: UnsafeMutableBufferPointer<Float>
    ) throws {
        try checkSizes(input: rows.count, count: count, output: output.count)
        guard count > 0 else { return }
        try predictUnchecked(rows, count: count, into: output)
    }

    /// Predicts `count` rows into a new array of `count * outputWidth` numbers.
    ///
    /// - Throws: `invalidArgument` when `rows` is not `count * featureCount` long.
    package func predict(_ rows: [Float], count: Int) throws -> [Float] {
        let (size, overflow) = count.multipliedReportingOverflow(by: outputWidth)
        guard count >= 0, !overflow else { throw sizeError("rows", count, "a number of rows") }
        try checkSizes(input: rows.count, count: count, output: size)
        guard count > 0 else { return [] }
        return try [Float](unsafeUninitializedCapacity: size) { buffer, initialized in
            let output = UnsafeMutableBufferPointer(rebasing: buffer[..<size])
            output.initialize(repeating: 0)
            initialized = size
            try rows.withUnsafeBufferPointer { try predictUnchecked($0, count: count, into: output) }
        }
    }

    /// Throws unless the buffers fit `count` rows exactly.
    package func checkSizes(input: Int, count: Int, output: Int) throws {
        let (inputSize, inputOverflow) = count.multipliedReportingOverflow(by: featureCount)
        guard count >= 0, !inputOverflow, input == inputSize else {
            throw sizeError("input", input, "\(featureCount) numbers for each of \(count) rows")
        }
        let (outputSize, outputOverflow) = count.multipliedReportingOverflow(by: outputWidth)
        guard !outputOverflow, output == outputSize else {
            throw sizeError("output", output, "\(outputWidth) numbers for each of \(count) rows")
        }
    }

    private func sizeError(_ what: String, _ got: Int, _ expected: String) -> MartletError {
        MartletError(.invalidArgument, "The model's \(what) has \(got) numbers; it takes \(expected).")
    }
}
