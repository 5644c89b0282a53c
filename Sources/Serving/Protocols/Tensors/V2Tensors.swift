import Core
import Runtimes

/// What an Open Inference V2 request's tensors mean to a model, and a model's answer as tensors: the same over REST
/// and gRPC.
enum V2Tensors {
    /// What the model is given, and the number of rows.
    ///
    /// A model of rows takes one matrix or one tensor for each column, of any numeric datatype; every other model takes
    /// the tensors that it names.
    ///
    /// - Parameters:
    ///   - tensors: in the order of the request.
    ///   - asked: the outputs that are wanted; nil or empty for those that the model gives of itself.
    ///   - contentType: how MLServer's clients say that the tensors belong together: `pd`, `np`, `str` or nothing.
    ///   - model: the model that shall see them.
    /// - Returns: the input, and how many rows it has.
    /// - Throws: `invalidArgument` naming what was expected and received; `payloadTooLarge` for too many rows.
    static func input(
        _ tensors: [NamedTensor],
        asked: [String]? = nil,
        contentType: String? = nil,
        for model: LoadedModel
    ) throws(MartletError) -> (input: ModelInput, count: Int) {
        // MLServer's codecs for one array look at the first input only.
        let tensors = contentType == "np" || contentType == "str" ? Array(tensors.prefix(1)) : tensors
        guard !tensors.isEmpty else {
            throw MartletError(.invalidArgument, "'inputs' is empty; the model takes \(expected(model)).")
        }
        if takesRows(asked, inputs: tensors.map(\.name), model) {
            let features = try rowsOf(tensors, model)
            return (.rows(features.values, count: features.count), features.count)
        }
        try refuseRepeats(tensors)
        for named in tensors where named.tensor.count > ServingLimits.valuesPerRequest {
            throw JSONReader.tooManyValues()
        }
        let (input, count) = try SignatureCheck.input(tensors, contentType: contentType, model: model)
        guard count <= ServingLimits.rowsPerRequest else { throw JSONReader.tooManyRows() }
        return (input, count)
    }

    private static func refuseRepeats(_ tensors: [NamedTensor]) throws(MartletError) {
        var seen: Set<String> = []
        for tensor in tensors where !seen.insert(tensor.name).inserted {
            throw MartletError(.invalidArgument, "The input '\(tensor.name.prefix(100))' is given twice.")
        }
    }

    /// Whether a request is for the fast way, on which a model of rows gives `predict`, `label` and `predict_proba`.
    ///
    /// A runtime of rows may have tensors of its own, as ONNX models do. It answers with those when the request speaks of
    /// them: by an output's name, or without naming outputs by the names of its inputs.
    static func takesRows(_ asked: [String]?, inputs: [String], _ model: LoadedModel) -> Bool {
        guard let runtime = model.rows else { return false }
        let own = V2Outputs.rowNames(model)
        let others = runtime.outputs.map(\.name).filter { !own.contains($0) }
        guard !others.isEmpty else { return true }
        if let asked, !asked.isEmpty { return !asked.contains { others.contains($0) } }
        let names = runtime.inputs.map(\.name)
        return inputs.isEmpty || !inputs.allSatisfy(names.contains)
    }

    /// The tensors that a model takes, in words.
    static func expected(_ model: LoadedModel) -> String {
        if model.rows != nil { return "one tensor [n, \(model.inputs.count)] of numbers, or one for each column" }
        let specs = model.runtime.inputs
        guard !specs.isEmpty else { return "at least one tensor" }
        return specs.prefix(8).map { "'\($0.name)' \($0.dataType.rawValue) \($0.shape)" }.joined(separator: ", ")
            + (specs.count > 8 ? " and \(specs.count - 8) more" : "")
    }

    // MARK: Rows

    private static func rowsOf(_ tensors: [NamedTensor], _ model: LoadedModel) throws(MartletError) -> FeatureRows {
        let width = model.inputs.count
        if tensors.count == 1, let only = tensors.first, width != 1 || model.position[only.name] == nil {
            return try matrix(only, width)
        }
        var columns: [String: [Float]] = [:]
        for named in tensors {
            guard model.position[named.name] != nil else { throw JSONReader.unknownColumn(named.name, model) }
            let shape = named.tensor.shape
            guard shape.count == 1 || (shape.count == 2 && shape[1] == 1) else {
                throw MartletError(
                    .invalidArgument,
                    "The column '\(named.name)' has shape \(shape); expected [n] or [n, 1]."
                )
            }
            guard columns.updateValue(try numbers(named), forKey: named.name) == nil else {
                throw MartletError(.invalidArgument, "The input '\(named.name.prefix(100))' is given twice.")
            }
        }
        return try ColumnAssembly.rows(columns, model)
    }

    private static func matrix(_ named: NamedTensor, _ width: Int) throws(MartletError) -> FeatureRows {
        let shape = named.tensor.shape
        switch shape.count {
        case 2 where shape[1] == width: break
        case 1 where shape[0] == width: return FeatureRows(values: try numbers(named), count: 1)
        default:
            throw MartletError(.invalidArgument, "The input has shape \(shape); expected [n, \(width)].")
        }
        guard shape[0] <= ServingLimits.rowsPerRequest else { throw JSONReader.tooManyRows() }
        return FeatureRows(values: try numbers(named), count: shape[0])
    }

    private static func numbers(_ named: NamedTensor) throws(MartletError) -> [Float] {
        guard named.tensor.count <= ServingLimits.valuesPerRequest else { throw JSONReader.tooManyValues() }
        guard let values = named.tensor.floats else {
            throw MartletError(
                .invalidArgument,
                "The input '\(named.name)' has datatype BYTES; the model takes numbers."
            )
        }
        return values
    }
}
