package import Core
package import Runtimes

/// A model version in memory: the runtime and what the model directory says of its inputs and outputs.
package final class LoadedModel: Sendable {
    /// Registered model name.
    package let model: String
    /// Version number.
    package let version: Int
    /// What computes the predictions.
    package let runtime: any ModelRuntime
    /// The same, when it takes rows of numbers.
    package let rows: (any RowRuntime)?
    /// Numbers in a row of answers; 0 when the runtime does not answer with rows of numbers.
    package let outputWidth: Int
    /// Input columns in order, as many as a runtime of rows takes; empty when unknown.
    package let inputs: [String]
    /// The signature as registered.
    package let signature: ModelSignature
    /// Names of the classes by index; empty for a regression.
    package let classes: [String]
    /// Probability from which a binary classifier answers class 1.
    package let threshold: Float
    /// Sample of the training rows, for drift; nil when the version has none.
    package let reference: Table?
    /// Position of each input column by name.
    package let position: [String: Int]
    /// A hash of the input columns in their order: equal for versions that take the same.
    let columnsHash: Int

    /// Makes a loaded model.
    ///
    /// - Throws: `invalidArgument` when the signature, the classes and the runtime do not fit together.
    package init(
        model: String,
        version: Int,
        runtime: any ModelRuntime,
        signature: ModelSignature,
        classes: [String],
        threshold: Double,
        reference: Table?
    ) throws(MartletError) {
        let rows = runtime as? any RowRuntime
        let declared = signature.inputs.map(\.name)
        let inputs = declared.isEmpty ? (0..<(rows?.featureCount ?? 0)).map { "f\($0)" } : declared
        if let rows, inputs.count != rows.featureCount {
            throw MartletError(
                .invalidArgument,
                "Version \(version) of '\(model)' takes \(rows.featureCount) features, but its signature names "
                    + "\(inputs.count); register it again with the signature of its training columns."
            )
        }
        let positions = Dictionary(inputs.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        guard positions.count == inputs.count else {
            throw MartletError(.invalidArgument, "The signature of '\(model)' version \(version) names an input twice.")
        }
        outputWidth = (runtime as? any TabularRuntime)?.outputWidth ?? 0
        let expected = outputWidth == 1 ? 2 : outputWidth
        guard outputWidth == 0 || classes.isEmpty || classes.count == expected else {
            throw MartletError(
                .invalidArgument,
                "Version \(version) of '\(model)' names \(classes.count) classes, but its model tells \(expected) apart."
            )
        }
        self.model = model
        self.version = version
        self.runtime = runtime
        self.rows = rows
        self.inputs = inputs
        self.signature = signature
        self.classes = classes
        self.threshold = Float(threshold)
        self.reference = reference
        position = positions
        columnsHash = inputs.hashValue
    }

    /// The answer that output row `row` means.
    @inline(__always)
    package func answer(_ outputs: [Float], row: Int) -> ModelAnswer {
        let width = outputWidth
        if width == 1 {
            let value = outputs[row]
            return ModelAnswer(classIndex: classes.isEmpty ? nil : (value >= threshold ? 1 : 0), score: value)
        }
        var best = 0
        let start = row * width
        for index in 1..<max(1, width) where outputs[start + index] > outputs[start + best] { best = index }
        return ModelAnswer(classIndex: best, score: outputs[start + best])
    }

    /// The class name of an answer, or its index in digits when the classes have no names; nil for a regression.
    package func label(of answer: ModelAnswer) -> String? {
        guard let index = answer.classIndex else { return nil }
        return classes.indices.contains(index) ? classes[index] : String(index)
    }
}

/// What one output row means.
package struct ModelAnswer: Sendable, Equatable {
    /// The predicted class; nil for a regression.
    package let classIndex: Int?
    /// The probability of class 1 (binary), of the predicted class (multi-class), or the value (regression).
    package let score: Float

    /// Makes an answer.
    package init(classIndex: Int?, score: Float) {
        self.classIndex = classIndex
        self.score = score
    }
}
