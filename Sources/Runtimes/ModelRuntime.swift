import Core

/// A loaded model that turns rows of numbers into predictions; one value may be used by many threads at once.
///
/// Rows are row-major Float with NaN for missing. An output row is the probability of class 1 (binary), one
/// probability per class (multi-class), or the value (regression).
package protocol ModelRuntime: Sendable {
    /// What runs the model, for reports: `trees`, `xgboost`, `lightgbm` or `onnxruntime`.
    var name: String { get }
    /// Numbers in an input row.
    var featureCount: Int { get }
    /// Numbers in an output row: 1 for binary and regression, else the number of classes.
    var outputWidth: Int { get }

    /// Predicts `count` rows. Callers use `predict(_:count:into:)`, which checks the sizes first.
    func predictUnchecked(
        _ rows: UnsafeBufferPointer<Float>,
        count: Int,
        into output: UnsafeMutableBufferPointer<Float>
    ) throws
}

extension ModelRuntime {
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
