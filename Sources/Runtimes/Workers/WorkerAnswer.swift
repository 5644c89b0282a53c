package import Core

/// What a worker's answer says.
package struct WorkerAnswer {
    /// What the model gave.
    package let result: ModelResult
    /// How long the model itself took, in nanoseconds, as the worker measured it.
    package let modelNanoseconds: UInt64

    /// Reads a frame of the kind `result`.
    ///
    /// - Parameters:
    ///   - frame: the answer.
    ///   - outputs: the outputs that are wanted; nil for all.
    ///   - unnamed: the name of a tensor that the model gave none.
    /// - Throws: `internal` for what the protocol does not allow, `invalidArgument` for an output that is not there.
    package init(_ frame: WorkerFrame, outputs: [String]?, unnamed: String) throws(MartletError) {
        let fields = try Self.understood { () throws(MartletError) in
            try JSONFields(JSONValue.parse(frame.header), path: "answer")
        }
        modelNanoseconds = UInt64(exactly: try fields.optionalInt("nanoseconds") ?? 0) ?? 0
        let layout = try fields.string("layout")
        if layout == "json" {
            let value = try Self.understood { () throws(MartletError) in
                try JSONValue.parse(frame.body, limits: .lenientNumbers)
            }
            result = ModelResult(.json(value))
            return
        }
        guard let layout = TensorLayout(rawValue: layout) else { throw Self.broken("an unknown layout") }
        var tensors: [NamedTensor] = []
        var rest = frame.body[...]
        guard let described = fields.value("tensors")?.arrayValue, described.count <= WorkerLimits.tensors else {
            throw Self.broken("no list of tensors")
        }
        for element in described {
            let tensor = try JSONFields(element, path: "tensor")
            let size = Int(exactly: try tensor.optionalInt("bytes") ?? -1) ?? -1
            guard size >= 0, size <= rest.count else { throw Self.broken("a tensor outside the body") }
            let name = try tensor.string("name")
            let values = try Self.tensor(tensor, rest.prefix(size))
            tensors.append(NamedTensor(name.isEmpty ? unnamed : name, values))
            rest = rest.dropFirst(size)
        }
        guard rest.isEmpty, layout != .single || tensors.count == 1 else { throw Self.broken("bytes left over") }
        result = ModelResult(.tensors(try Self.chosen(tensors, outputs), layout))
    }

    private static func chosen(_ tensors: [NamedTensor], _ outputs: [String]?) throws(MartletError) -> [NamedTensor] {
        guard let outputs, !outputs.isEmpty else { return tensors }
        var chosen: [NamedTensor] = []
        for name in outputs {
            guard let tensor = tensors.first(where: { $0.name == name }) else {
                let known = tensors.prefix(20).map(\.name).joined(separator: ", ")
                throw MartletError(.invalidArgument, "The model has no output '\(name)'; it gave \(known).")
            }
            chosen.append(tensor)
        }
        return chosen
    }

    private static func tensor(_ fields: JSONFields, _ bytes: ArraySlice<UInt8>) throws(MartletError) -> Tensor {
        guard let type = DataType(rawValue: try fields.string("datatype")),
            let extents = fields.value("shape")?.arrayValue?.map(\.integerValue)
        else { throw broken("a tensor without datatype and shape") }
        var shape: [Int] = []
        for extent in extents {
            guard let extent, let exact = Int(exactly: extent) else { throw broken("a shape that is none") }
            shape.append(exact)
        }
        let given = shape
        return try understood { () throws(MartletError) in
            type == .bytes
                ? try Tensor(shape: given, texts: texts(bytes))
                : try Tensor(type, shape: given, packed: Array(bytes))
        }
    }

    /// The elements of a `BYTES` tensor: each is its length in four bytes, then its bytes.
    private static func texts(_ bytes: ArraySlice<UInt8>) throws(MartletError) -> [[UInt8]] {
        var texts: [[UInt8]] = []
        var rest = bytes
        while !rest.isEmpty {
            guard rest.count >= 4 else { throw broken("a text that ends early") }
            let size = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(4)
            guard size <= rest.count else { throw broken("a text that ends early") }
            texts.append(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return texts
    }

    private static func understood<Value>(
        _ body: () throws(MartletError) -> Value
    ) throws(MartletError) -> Value {
        do {
            return try body()
        } catch {
            throw MartletError(.internal, "The model's worker sent an answer that cannot be read.", cause: error)
        }
    }

    private static func broken(_ what: String) -> MartletError {
        MartletError(.internal, "The model's worker sent an answer that cannot be read: \(what).")
    }
}
