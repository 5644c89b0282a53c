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
    /// - Throws: `invalidArgument` naming what was expected and received; `payloadTooLarge` for too many rows.
    static func input(
        _ tensors: [NamedTensor],
        asked: [String]? = nil,
        for model: LoadedModel
    ) throws(MartletError) -> (input: ModelInput, count: Int) {
        guard !tensors.isEmpty else {
            throw MartletError(.invalidArgument, "'inputs' is empty; the model takes \(expected(model)).")
        }
        if let rows = model.rows, takesRows(asked, rows, model) {
            let features = try rowsOf(tensors, model)
            return (.rows(features.values, count: features.count), features.count)
        }
        let (named, layout) = try fitted(tensors, model)
        return (.tensors(named, layout), try rowCount(named))
    }

    /// Whether the outputs that are wanted are the ones that a runtime of rows gives by the fast way.
    private static func takesRows(_ asked: [String]?, _ runtime: any RowRuntime, _ model: LoadedModel) -> Bool {
        guard let asked, !asked.isEmpty else { return true }
        let own = V2Outputs.rowNames(model)
        let others = runtime.outputs.map(\.name).filter { !own.contains($0) }
        return !asked.contains { others.contains($0) }
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
                throw MartletError(.invalidArgument, "The input '\(named.name)' is given twice.")
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

    // MARK: Tensors

    /// The tensors in the form that the model names, in its order.
    private static func fitted(
        _ tensors: [NamedTensor],
        _ model: LoadedModel
    ) throws(MartletError) -> ([NamedTensor], TensorLayout) {
        let specs = model.runtime.inputs
        let hasColumns = !model.signature.inputs.isEmpty
        guard !specs.isEmpty else {
            return (tensors, hasColumns ? .columns : tensors.count == 1 ? .single : .named)
        }
        if !hasColumns, specs.count == 1, specs[0].name.isEmpty, tensors.count == 1 {
            let tensor = try convert(tensors[0], to: specs[0])
            return ([NamedTensor("", tensor)], .single)
        }
        var given: [String: NamedTensor] = [:]
        for named in tensors {
            guard specs.contains(where: { $0.name == named.name }) else {
                throw MartletError(
                    .invalidArgument,
                    "The model has no input '\(named.name.prefix(100))'; it takes \(expected(model))."
                )
            }
            guard given.updateValue(named, forKey: named.name) == nil else {
                throw MartletError(.invalidArgument, "The input '\(named.name)' is given twice.")
            }
        }
        let optional = Set(model.signature.inputs.filter { !$0.isRequired }.map(\.name))
        var fitted: [NamedTensor] = []
        for spec in specs {
            guard let named = given[spec.name] else {
                if optional.contains(spec.name) { continue }
                throw MartletError(
                    .invalidArgument,
                    "The input '\(spec.name)' is missing; the model takes \(expected(model))."
                )
            }
            fitted.append(NamedTensor(spec.name, try convert(named, to: spec)))
        }
        return (fitted, hasColumns ? .columns : .named)
    }

    /// A tensor in its spec's datatype and rank.
    ///
    /// Whole numbers become wider ones or floats, and floats change their width, because clients rarely know which the
    /// model was saved with; nothing becomes or stops being text. A column may come as `[n, 1]`.
    private static func convert(_ named: NamedTensor, to spec: TensorSpec) throws(MartletError) -> Tensor {
        var tensor = named.tensor
        guard tensor.count <= ServingLimits.valuesPerRequest else { throw JSONReader.tooManyValues() }
        if spec.shape.count == 1, tensor.shape.count == 2, tensor.shape[1] == 1 {
            tensor = try tensor.reshaped([tensor.shape[0]])
        }
        if spec.shape.count == 2, spec.shape[1] == 1, tensor.shape.count == 1 {
            tensor = try tensor.reshaped([tensor.shape[0], 1])
        }
        if tensor.dataType != spec.dataType, let converted = try number(tensor, as: spec.dataType) { tensor = converted }
        try spec.check(tensor)
        return tensor
    }

    private static func number(_ tensor: Tensor, as type: DataType) throws(MartletError) -> Tensor? {
        guard tensor.dataType != .bytes, tensor.dataType != .bool else { return nil }
        switch type {
        case .float64: return try tensor.doubles.map { values throws(MartletError) in
            try Tensor(shape: tensor.shape, elements: values)
        }
        case .float32: return try tensor.floats.map { values throws(MartletError) in
            try Tensor(shape: tensor.shape, elements: values)
        }
        case .int64: return try wholes(tensor, Int64.self)
        case .int32: return try wholes(tensor, Int32.self)
        default: return nil
        }
    }

    private static func wholes<Whole: TensorElement & FixedWidthInteger>(
        _ tensor: Tensor,
        _ type: Whole.Type
    ) throws(MartletError) -> Tensor? {
        let values: [Whole]
        switch tensor.dataType {
        case .float16, .brain16, .float32, .float64, .bool, .bytes: return nil
        case .int64: values = (tensor.elements(Int64.self) ?? []).compactMap { Whole(exactly: $0) }
        case .uint64: values = (tensor.elements(UInt64.self) ?? []).compactMap { Whole(exactly: $0) }
        // A Double holds every whole number of at most 32 bits.
        default: values = (tensor.doubles ?? []).compactMap { Whole(exactly: $0) }
        }
        guard values.count == tensor.count else {
            throw MartletError(
                .invalidArgument,
                "A number of datatype \(tensor.dataType.rawValue) does not fit into \(type.dataType.rawValue), which the "
                    + "model takes."
            )
        }
        return try Tensor(shape: tensor.shape, elements: values)
    }

    private static func rowCount(_ tensors: [NamedTensor]) throws(MartletError) -> Int {
        let count = tensors.first?.tensor.shape.first ?? 1
        guard count <= ServingLimits.rowsPerRequest else { throw JSONReader.tooManyRows() }
        return count
    }
}
