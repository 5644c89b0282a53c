import Core
import Runtimes

/// A model's answer as Open Inference V2 tensors, and what its metadata says of its tensors.
enum V2Outputs {
    /// The output of classifiers that names the class.
    static let label = "label"

    /// The tensors that a model takes.
    static func inputSpecs(_ model: LoadedModel) -> [TensorSpec] {
        let specs = model.runtime.inputs
        guard let rows = model.rows, specs.isEmpty else { return specs }
        return [TensorSpec("input", .float32, [-1, rows.featureCount])]
    }

    /// The tensors that a model gives; the first is the one that is sent when nobody asks.
    static func specs(_ model: LoadedModel) -> [TensorSpec] {
        guard model.rows != nil else { return model.runtime.outputs }
        let own = rowSpecs(model)
        return own + model.runtime.outputs.filter { spec in !own.contains { $0.name == spec.name } }
    }

    /// The names of the outputs that a model of rows gives by the fast way.
    static func rowNames(_ model: LoadedModel) -> [String] { rowSpecs(model).map(\.name) }

    private static func rowSpecs(_ model: LoadedModel) -> [TensorSpec] {
        let width = model.outputWidth
        let predict = TensorSpec(V2Response.predictOutput, .float32, width > 1 ? [-1, width] : [-1])
        return hasLabels(model) ? [predict, TensorSpec(label, .bytes, [-1])] : [predict]
    }

    private static func hasLabels(_ model: LoadedModel) -> Bool {
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
        default: throw unknown(name, rowNames(model))
        }
    }

    /// The error for an output that there is not.
    static func unknown(_ name: String, _ known: [String]) -> MartletError {
        let list = known.prefix(8).map { "'\($0)'" }.joined(separator: ", ")
        return MartletError(.invalidArgument, "The model has no output '\(name.prefix(100))'; it has \(list).")
    }
}
