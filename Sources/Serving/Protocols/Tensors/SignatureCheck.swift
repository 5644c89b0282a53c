import Core
import Runtimes

/// Holds the tensors of a request against what the model says that it takes.
///
/// Every protocol that speaks of tensors comes through here, so that all refuse alike: names, datatypes, shapes, extra
/// and missing columns.
enum SignatureCheck {
    /// What the tensors mean to a model that does not take rows of numbers.
    ///
    /// - Parameters:
    ///   - tensors: the inputs in the request's order, each name once.
    ///   - contentType: how MLServer's clients say that they belong together: `pd`, `np`, `str` or nothing.
    ///   - model: the model that shall see them.
    /// - Returns: the input, and how many rows it has.
    /// - Throws: `invalidArgument` naming what was expected and received.
    static func input(
        _ tensors: [NamedTensor],
        contentType: String?,
        model: LoadedModel
    ) throws(MartletError) -> (input: ModelInput, count: Int) {
        let fields = model.signature.inputs
        let names = Set(fields.map(\.name))
        let runtime = model.runtime.inputs
        if !fields.isEmpty, tensors.contains(where: { names.contains($0.name) }) {
            return try columns(tensors, fields)
        }
        if tensors.allSatisfy({ tensor in runtime.contains { !$0.name.isEmpty && $0.name == tensor.name } }) {
            return try arrays(tensors, runtime, isSingle: false, contentType)
        }
        if !fields.isEmpty { return try columns(tensors, fields) }
        let specs = model.signature.inputTensors.isEmpty ? runtime : model.signature.inputTensors
        if !specs.isEmpty { return try arrays(tensors, specs, isSingle: specs[0].name.isEmpty, contentType) }
        return try undeclared(tensors, contentType)
    }

    // MARK: Tables

    private static func columns(
        _ tensors: [NamedTensor],
        _ fields: [ModelSignature.Field]
    ) throws(MartletError) -> (input: ModelInput, count: Int) {
        var given: [String: Tensor] = [:]
        if let matrix = matrix(tensors, fields) {
            for (position, field) in fields.enumerated() { given[field.name] = try column(of: matrix, position) }
        } else {
            for tensor in tensors {
                guard fields.contains(where: { $0.name == tensor.name }) else {
                    throw unknown(tensor.name, fields.map(\.name))
                }
                given[tensor.name] = try tensor.column()
            }
        }
        return try table(given, fields)
    }

    /// The one tensor whose columns are the model's in their order.
    private static func matrix(_ tensors: [NamedTensor], _ fields: [ModelSignature.Field]) -> Tensor? {
        guard tensors.count == 1, let only = tensors.first, only.tensor.shape.count == 2,
            only.tensor.shape[1] == fields.count, !fields.contains(where: { $0.name == only.name })
        else { return nil }
        return only.tensor
    }

    private static func column(of matrix: Tensor, _ position: Int) throws(MartletError) -> Tensor {
        let (rows, width) = (matrix.shape[0], matrix.shape[1])
        switch matrix.storage {
        case .texts(let texts):
            return try Tensor(shape: [rows], texts: (0..<rows).map { texts[$0 * width + position] })
        case .packed(let bytes):
            let size = matrix.dataType.size ?? 1
            var column: [UInt8] = []
            column.reserveCapacity(rows * size)
            for row in 0..<rows {
                let start = (row * width + position) * size
                column.append(contentsOf: bytes[start..<start + size])
            }
            return try Tensor(matrix.dataType, shape: [rows], packed: column)
        }
    }

    /// Columns of the declared types in the declared order.
    ///
    /// - Throws: `invalidArgument` for a missing column, a wrong type or columns of different lengths.
    static func table(
        _ given: [String: Tensor],
        _ fields: [ModelSignature.Field]
    ) throws(MartletError) -> (input: ModelInput, count: Int) {
        var columns: [NamedTensor] = []
        for field in fields {
            guard let tensor = given[field.name] else {
                guard field.isRequired else { continue }
                let received = given.keys.sorted().prefix(5).joined(separator: ", ")
                throw MartletError(
                    .invalidArgument,
                    "The column '\(field.name)' is missing; received were \(received.isEmpty ? "none" : received)."
                )
            }
            if let first = columns.first, first.tensor.count != tensor.count {
                throw MartletError(
                    .invalidArgument,
                    "The column '\(field.name)' has \(tensor.count) values, but '\(first.name)' has \(first.tensor.count)."
                )
            }
            columns.append(NamedTensor(field.name, try typed(tensor, field)))
        }
        let count = columns.first?.tensor.count ?? 0
        guard count <= ServingLimits.rowsPerRequest else { throw JSONReader.tooManyRows() }
        return (.tensors(columns, .columns), count)
    }

    private static func typed(_ tensor: Tensor, _ field: ModelSignature.Field) throws(MartletError) -> Tensor {
        let type = field.tensorType
        let cast = try converted(tensor, to: type, "The column '\(field.name)'")
        guard type == .bytes, field.type != .binary else { return cast }
        for (row, text) in cast.texts.enumerated() {
            guard let text = String(validating: text, as: UTF8.self) else {
                throw MartletError(.invalidArgument, "The column '\(field.name)', row \(row), is not UTF-8 text.")
            }
            let value: JSONValue = field.type.isScalar ? .string(text) : try JSONValue.parse(text)
            try field.schema.check(value, at: "\(field.name)[\(row)]")
        }
        return cast
    }

    // MARK: Arrays

    private static func arrays(
        _ tensors: [NamedTensor],
        _ specs: [TensorSpec],
        isSingle: Bool,
        _ contentType: String?
    ) throws(MartletError) -> (input: ModelInput, count: Int) {
        var inputs: [NamedTensor] = []
        for spec in specs {
            let isOnly = specs.count == 1 && tensors.count == 1
            let takesAnyName = isOnly && (spec.name.isEmpty || contentType == "np")
            guard let tensor = takesAnyName ? tensors.first : tensors.first(where: { $0.name == spec.name }) else {
                let received = tensors.map { "'\($0.name)'" }.joined(separator: ", ")
                throw MartletError(
                    .invalidArgument,
                    "The input '\(spec.name)' is missing; received were \(received.isEmpty ? "none" : received)."
                )
            }
            let cast = try converted(tensor.tensor, to: spec.dataType, "The input '\(tensor.name)'")
            let fitted = try ranked(cast, spec)
            try spec.check(fitted)
            inputs.append(NamedTensor(spec.name, fitted))
        }
        if let extra = tensors.first(where: { tensor in !specs.contains { $0.name == tensor.name } }),
            tensors.count > specs.count
        {
            throw unknown(extra.name, specs.map(\.name))
        }
        let count = inputs.first?.tensor.shape.first ?? 1
        return (.tensors(inputs, isSingle ? .single : .named), count)
    }

    /// The tensor in the datatype that the model declares.
    ///
    /// Clients rarely know which width a model was saved with, so numbers change theirs where they are held; truth
    /// values, text and numbers do not become each other.
    private static func converted(_ tensor: Tensor, to type: DataType, _ name: String) throws(MartletError) -> Tensor {
        guard tensor.dataType != type else { return tensor }
        let kinds = [tensor.dataType, type]
        guard !kinds.contains(.bytes), !kinds.contains(.bool) else {
            throw MartletError(
                .invalidArgument,
                "\(name) has datatype \(tensor.dataType.rawValue); expected \(type.rawValue)."
            )
        }
        do {
            return try tensor.converted(to: type)
        } catch {
            throw MartletError(.invalidArgument, "\(name): \(error.message) Expected \(type.rawValue).")
        }
    }

    /// A column as `[n]` or `[n, 1]`, whichever the model declares.
    private static func ranked(_ tensor: Tensor, _ spec: TensorSpec) throws(MartletError) -> Tensor {
        let (given, expected) = (tensor.shape, spec.shape)
        if expected.count == 1, given.count == 2, given[1] == 1 { return try tensor.reshaped([given[0]]) }
        if expected.count == 2, expected[1] == 1, given.count == 1 { return try tensor.reshaped([given[0], 1]) }
        return tensor
    }

    /// The model says nothing of its input: what the request says decides.
    private static func undeclared(
        _ tensors: [NamedTensor],
        _ contentType: String?
    ) throws(MartletError) -> (input: ModelInput, count: Int) {
        let count = tensors.first?.tensor.shape.first ?? 1
        if contentType == "pd" {
            var columns: [NamedTensor] = []
            for tensor in tensors {
                let column = try tensor.column()
                guard column.count == count else {
                    throw MartletError(
                        .invalidArgument,
                        "The column '\(tensor.name)' has \(column.count) values, but '\(tensors[0].name)' has \(count)."
                    )
                }
                columns.append(NamedTensor(tensor.name, column))
            }
            return (.tensors(columns, .columns), count)
        }
        let named = tensors.map { NamedTensor($0.name, $0.tensor) }
        return (.tensors(named, named.count == 1 ? .single : .named), count)
    }

    /// The refusal of a name that the model does not know.
    static func unknown(_ name: String, _ known: [String]) -> MartletError {
        let list = known.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
        return MartletError(
            .invalidArgument,
            "The model has no input '\(name.prefix(100))'; it takes \(list)\(known.count > 5 ? ", …" : "")."
        )
    }
}

extension NamedTensor {
    /// The values of a column, `[n]` or `[n, 1]`, in the form `[n]`.
    ///
    /// - Throws: `invalidArgument` for any other shape.
    func column() throws(MartletError) -> Tensor {
        let shape = tensor.shape
        if shape.count == 1 { return tensor }
        guard shape.count == 2, shape[1] == 1 else {
            throw MartletError(.invalidArgument, "The column '\(name)' has shape \(shape); expected [n] or [n, 1].")
        }
        return try tensor.reshaped([shape[0]])
    }
}
