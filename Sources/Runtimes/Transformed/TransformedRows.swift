package import Core
package import Transforms

/// A model of rows of numbers behind a recorded transform of columns that are all numbers.
package final class TransformedRows: RowRuntime {
    package let featureCount: Int
    package let outputWidth: Int
    /// What is done to the raw rows.
    package let transform: FittedTransform
    /// The model that sees the result.
    package let model: any RowRuntime

    private let runners = PredictorPool<TransformRunner>()

    /// Puts a transform before a model.
    ///
    /// - Throws: `invalidArgument` when it makes other columns than the model takes.
    package init(_ transform: FittedTransform, _ model: any RowRuntime) throws(MartletError) {
        try TransformedColumns.check(transform, model)
        self.transform = transform
        self.model = model
        featureCount = transform.inputs.count
        outputWidth = model.outputWidth
    }

    package var name: String { model.name }
    package var placement: RuntimePlacement { model.placement }
    package var memoryBytes: Int { model.memoryBytes }

    package func predictUnchecked(
        _ rows: UnsafeBufferPointer<Float>,
        count: Int,
        into output: UnsafeMutableBufferPointer<Float>
    ) throws {
        var runner = runners.take { TransformRunner(transform) }
        defer { runners.give(back: runner) }
        let (width, made) = (featureCount, model.featureCount)
        try withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, count * made)) { buffer in
            buffer.initialize(repeating: .nan)
            for row in 0..<count {
                for column in 0..<width { runner.set(column, Double(rows[row * width + column])) }
                try runner.run()
                for column in 0..<made { buffer[row * made + column] = Float(runner.number(column)) }
            }
            let features = UnsafeBufferPointer(rebasing: UnsafeBufferPointer(buffer)[..<(count * made)])
            try model.predictUnchecked(features, count: count, into: output)
        }
    }
}
