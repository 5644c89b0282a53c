import Core
import Runtimes

/// A model's answer as Open Inference V2 tensors, and what its metadata says of its tensors.
enum V2Outputs {
    /// The output of classifiers that names the class.
    static let label = "label"
    /// The output of classifiers that gives every class its probability.
    static let probabilities = "predict_proba"

    /// The tensors that a model takes.
    static func inputSpecs(_ model: LoadedModel) -> [TensorSpec] {
        if let rows = model.rows, model.runtime.inputs.isEmpty {
            return [TensorSpec("input", .float32, [-1, rows.featureCount])]
        }
        guard model.runtime.inputs.isEmpty else { return model.runtime.inputs }
        let signature = model.signature
        return signature.inputTensors + signature.inputs.map { TensorSpec($0.name, $0.tensorType, [-1]) }
    }

    /// The tensors that a model gives; the first is the one that is sent when nobody asks.
    static func specs(_ model: LoadedModel) -> [TensorSpec] {
        guard model.rows != nil else {
            guard model.runtime.outputs.isEmpty else { return model.runtime.outputs }
            let signature = model.signature
            return signature.outputTensors + signature.outputs.map { TensorSpec($0.name, $0.tensorType, [-1]) }
        }
        let own = rowSpecs(model)
        return own + model.runtime.outputs.filter { spec in !own.contains { $0.name == spec.name } }
    }

    /// The names of the outputs that a model of rows gives by the fast way.
    static func rowNames(_ model: LoadedModel) -> [String] { rowSpecs(model).map(\.name) }

    private static func rowSpecs(_ model: LoadedModel) -> [TensorSpec] {
        let width = model.outputWidth
        let predict = TensorSpec(V2Response.predictOutput, .float32, width > 1 ? [-1, width] : [-1])
        guard hasLabels(model) else { return [predict] }
        return [
            predict, TensorSpec(label, .bytes, [-1]), TensorSpec(probabilities, .float32, [-1, max(2, width)]),
        ]
    }

    /// Whether a model's answers name a class.
    static func hasLabels(_ model: LoadedModel) -> Bool {
        !model.classes.isEmpty || model.outputWidth > 1
    }

    /// The outputs that were asked for, in that order; without a wish the ones that the model gives of itself.
    ///
    /// - Throws: `invalidArgument` for an output that the model does not have.
    static func tensors(_ response: InferenceResponse, asked: [String]?) throws(MartletError) -> [NamedTensor] {
        let wish = asked.flatMap { $0.isEmpty ? nil : $0 }
        switch response.content {
        case .rows(let values, let count):
            return try (wish ?? [V2Response.predictOutput]).map { name throws(MartletError) in
                NamedTensor(name, try row(name, values, count, response.loaded))
            }
        case .tensors(let given, _):
            let named = given.enumerated().map { position, tensor in
                tensor.name.isEmpty ? NamedTensor("output_\(position)", tensor.tensor) : tensor
            }
            guard let wish else { return named }
            return try wish.map { name throws(MartletError) in
                guard let tensor = named.first(where: { $0.name == name }) else {
                    throw unknown(name, named.map(\.name))
                }
                return tensor
            }
        case .json(let value):
            let text = try Tensor(shape: [1], texts: [value.serialized()])
            guard let other = wish?.first(where: { $0 != V2Response.predictOutput }) else {
                return [NamedTensor(V2Response.predictOutput, text)]
            }
            throw unknown(other, [V2Response.predictOutput])
        }
    }

    private static func row(
        _ name: String,
        _ values: [Float],
        _ count: Int,
        _ model: LoadedModel
    ) throws(MartletError) -> Tensor {
        switch name {
        case V2Response.predictOutput:
            let width = model.outputWidth
            return try Tensor(shape: width > 1 ? [count, width] : [count], elements: values)
        case label where hasLabels(model):
            let labels = (0..<count).map { model.label(of: model.answer(values, row: $0)) ?? "" }
            return try Tensor(shape: [count], strings: labels)
        case probabilities where hasLabels(model):
            let width = model.outputWidth
            guard width == 1 else { return try Tensor(shape: [count, width], elements: values) }
            return try Tensor(shape: [count, 2], elements: values.flatMap { [1 - $0, $0] })
        default: throw unknown(name, rowNames(model))
        }
    }

    /// The highest values of each row as texts `value:index` or `value:index:label` (Triton's classification extension).
    ///
    /// - Parameters:
    ///   - output: numbers, `[n]` or `[n, k]`; deeper dimensions count as one.
    ///   - count: how many of each row.
    ///   - classes: names by index, given where there are as many as values in a row.
    /// - Returns: a tensor of texts, `[n, count]`.
    /// - Throws: `invalidArgument` for an output of texts.
    static func ranked(_ output: NamedTensor, _ count: Int, _ classes: [String]) throws(MartletError) -> NamedTensor {
        guard let values = output.tensor.doubles else {
            throw MartletError(
                .invalidArgument,
                "The output '\(output.name)' holds no numbers, so 'classification' does not apply."
            )
        }
        let rows = output.tensor.shape.first ?? 1
        let width = rows > 0 ? values.count / rows : 0
        let kept = min(count, width)
        var texts: [String] = []
        for row in 0..<rows {
            let best = (0..<width).sorted { left, right in
                let (first, second) = (values[row * width + left], values[row * width + right])
                return first > second || (first == second && left < right)
            }
            for index in best.prefix(kept) {
                let value =
                    output.tensor.dataType == .float32
                    ? "\(Float(values[row * width + index]))" : "\(values[row * width + index])"
                texts.append("\(value):\(index)" + (classes.count == width ? ":\(classes[index])" : ""))
            }
        }
        return NamedTensor(output.name, try Tensor(shape: [rows, kept], strings: texts))
    }

    /// The error for an output that there is not.
    static func unknown(_ name: String, _ known: [String]) -> MartletError {
        let list = known.prefix(8).map { "'\($0)'" }.joined(separator: ", ")
        return MartletError(.invalidArgument, "The model has no output '\(name.prefix(100))'; it has \(list).")
    }
}

extension ModelSignature.Field {
    /// The datatype of a tensor that carries the column; dates travel as text.
    var tensorType: DataType { type == .datetime ? .bytes : type.dataType }
}
