import Core
import Yams

/// What an `MLmodel` file says about a model (MLflow "Models", storage format).
struct ModelDescription {
    var flavor: ModelFlavor
    /// The model file, relative to the directory.
    var file: String
    var signature: ModelSignature?
    /// The Python class that wrote it, such as `xgboost.sklearn.XGBClassifier`.
    var modelClass: String?

    /// Reads YAML.
    ///
    /// - Throws: `invalidArgument` naming the field.
    init(mlModel bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw MartletError(.invalidArgument, "'MLmodel' is not valid YAML.", cause: error)
        }
        guard let flavors = node?["flavors"]?.mapping else {
            throw MartletError(.invalidArgument, "'MLmodel' has no 'flavors'.")
        }
        let known = ModelFlavor.allCases.first { flavors[Node($0.rawValue)] != nil }
        guard let flavor = known, let fields = flavors[Node(flavor.rawValue)] else {
            let names = flavors.keys.compactMap(\.string).joined(separator: ", ")
            throw MartletError(
                .unimplemented,
                "'MLmodel' has the flavors \(names); Martlet runs xgboost, lightgbm and onnx models."
            )
        }
        guard let file = fields["data"]?.string else {
            throw MartletError(.invalidArgument, "'flavors.\(flavor.rawValue).data' of 'MLmodel' is missing.")
        }
        self.flavor = flavor
        self.file = file
        modelClass = fields["model_class"]?.string
        signature = try Self.signature(node?["signature"])
    }

    private static func signature(_ node: Node?) throws -> ModelSignature? {
        guard let inputs = node?["inputs"]?.string else { return nil }
        // Tensor specs (one unnamed matrix) say nothing about columns, so such a model has no column signature.
        if try JSONValue.parse(inputs)[0, "type"]?.stringValue == "tensor" { return nil }
        var object: JSONObject = ["inputs": .string(inputs)]
        if let outputs = node?["outputs"]?.string, try JSONValue.parse(outputs)[0, "type"]?.stringValue != "tensor" {
            object["outputs"] = .string(outputs)
        }
        return try ModelSignature(json: .object(object))
    }
}

extension JSONValue {
    /// The member `key` of the element at `index`.
    fileprivate subscript(_ index: Int, _ key: String) -> JSONValue? {
        guard let elements = arrayValue, elements.indices.contains(index) else { return nil }
        return elements[index][key]
    }
}
