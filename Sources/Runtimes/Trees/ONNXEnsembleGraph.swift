import Core

/// An ONNX graph that is one tree ensemble, with at most scaling before it and renaming after it.
struct ONNXEnsembleGraph {
    /// The ensemble.
    let ensemble: ONNXOperation
    /// How many numbers a row has.
    let featureCount: Int
    /// What is taken from each feature, and what it is multiplied by after that; nil for nothing.
    private(set) var scaling: (offsets: [Float], factors: [Float])?

    private var operations: [ONNXOperation] = []
    private var input: (name: String, type: Int64, features: Int)?
    private static let float: Int64 = 1
    private static let double: Int64 = 11

    /// Reads a model; nil when it is of another shape.
    ///
    /// - Throws: `dataLoss` for what is no ONNX model.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) throws {
        var graph: UnsafeBufferPointer<UInt8>?
        var fields = ProtobufFields(bytes)
        while let field = try fields.next() {
            guard field.number == 7 else { continue }
            guard graph == nil else { return nil }
            graph = field.bytes
        }
        guard let graph else {
            throw MartletError(.dataLoss, "The file is no ONNX model or is damaged; restore it or export it again.")
        }
        var (operations, inputs, outputs): ([ONNXOperation], [UnsafeBufferPointer<UInt8>], Set<String>) = ([], [], [])
        var parts = ProtobufFields(graph)
        while let part = try parts.next() {
            guard let bytes = part.bytes else { continue }
            switch part.number {
            case 1:
                guard operations.count < Self.mostOperations else { return nil }
                operations.append(try ONNXOperation(bytes))
            case 5, 15: return nil
            case 11: inputs.append(bytes)
            case 12: outputs.insert(try Self.name(bytes))
            default: break
            }
        }
        let ensembles = operations.filter { $0.type == "TreeEnsembleClassifier" || $0.type == "TreeEnsembleRegressor" }
        guard ensembles.count == 1, inputs.count == 1, !outputs.isEmpty,
            let input = try Self.port(inputs[0]), input.features > 0, input.features <= RuntimesLimits.features
        else { return nil }
        ensemble = ensembles[0]
        featureCount = input.features
        self.operations = operations
        self.input = input
        guard takesInput(), gives(outputs) else { return nil }
    }

    /// A graph of more nodes than this is more than an ensemble.
    private static let mostOperations = 16

    /// Follows the ensemble's input back to the graph's.
    private mutating func takesInput() -> Bool {
        guard let input, ensemble.inputs.count == 1 else { return false }
        var name = ensemble.inputs[0]
        var isFloat = false
        for _ in 0...operations.count {
            if name == input.name { return input.type == Self.float || input.type == Self.double && isFloat }
            guard let before = operations.first(where: { $0.outputs.contains(name) }), before.inputs.count == 1 else {
                return false
            }
            switch before.type {
            case "Identity": break
            case "Cast" where before.integers["to"] == [Self.float]: isFloat = true
            case "Scaler" where scaling == nil:
                let (offsets, factors) = (before.floats["offset"] ?? [0], before.floats["scale"] ?? [1])
                guard let all = Self.spread(offsets, featureCount), let scales = Self.spread(factors, featureCount)
                else {
                    return false
                }
                scaling = (all, scales)
                // A scaler computes in floats whatever it takes.
                guard input.type == Self.float else { return false }
            default: return false
            }
            name = before.inputs[0]
        }
        return false
    }

    private static func spread(_ values: [Float], _ count: Int) -> [Float]? {
        if values.count == 1 { return [Float](repeating: values[0], count: count) }
        return values.count == count ? values : nil
    }

    /// Whether the ensemble's numbers come out and nothing changes them after it: what follows only renames them or works on labels.
    private func gives(_ outputs: Set<String>) -> Bool {
        guard ensemble.outputs.count == (ensemble.type == "TreeEnsembleClassifier" ? 2 : 1) else { return false }
        var names: Set<String> = [ensemble.outputs[ensemble.outputs.count - 1]]
        for operation in operations where operation.inputs.contains(where: names.contains) {
            guard ["Identity", "ZipMap"].contains(operation.type), operation.inputs.count == 1 else { return false }
            names.formUnion(operation.outputs)
        }
        guard !names.isDisjoint(with: outputs) else { return false }
        return operations.allSatisfy { ["Identity", "ZipMap", "Cast", "Scaler", ensemble.type].contains($0.type) }
    }

    private static func name(_ port: UnsafeBufferPointer<UInt8>) throws -> String {
        var fields = ProtobufFields(port)
        while let field = try fields.next() { if field.number == 1 { return field.text } }
        return ""
    }

    /// The name, element type and width of an input that is a matrix.
    private static func port(
        _ bytes: UnsafeBufferPointer<UInt8>
    ) throws -> (name: String, type: Int64, features: Int)? {
        var name = ""
        var (type, extents): (Int64, [Int64]) = (0, [])
        var fields = ProtobufFields(bytes)
        while let field = try fields.next() {
            if field.number == 1 { name = field.text }
            guard field.number == 2, let kind = field.bytes, let tensor = try message(1, in: kind) else { continue }
            var parts = ProtobufFields(tensor)
            while let part = try parts.next() {
                if part.number == 1 { type = part.integer }
                guard part.number == 2, let shape = part.bytes else { continue }
                var dimensions = ProtobufFields(shape)
                while let dimension = try dimensions.next() {
                    guard dimension.number == 1, let members = dimension.bytes else { continue }
                    var values = ProtobufFields(members)
                    var extent: Int64 = -1
                    while let value = try values.next() { if value.number == 1 { extent = value.integer } }
                    extents.append(extent)
                }
            }
        }
        guard extents.count == 2, let features = Int(exactly: extents[1]) else { return nil }
        return (name, type, features)
    }

    private static func message(
        _ number: Int,
        in bytes: UnsafeBufferPointer<UInt8>
    ) throws -> UnsafeBufferPointer<UInt8>? {
        var fields = ProtobufFields(bytes)
        while let field = try fields.next() { if field.number == number { return field.bytes } }
        return nil
    }
}
