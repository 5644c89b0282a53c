import Core
import Yams

/// What an `MLmodel` file says about a model (MLflow "Models", storage format).
struct ModelDescription {
    /// The flavors that may run it, the best first, each with its file relative to the directory.
    var candidates: [(flavor: ModelFlavor, file: String)]
    var signature: ModelSignature?
    /// The Python class that wrote the flavor's file, such as `xgboost.sklearn.XGBClassifier`.
    var modelClasses: [ModelFlavor: String] = [:]
    /// The file of the input example, when it is a data frame in pandas' `split` orientation.
    var exampleFile: String?

    /// Reads YAML.
    ///
    /// - Throws: `invalidArgument` naming the field, `unimplemented` when no flavor is known.
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
        candidates = []
        let hasPython = flavors[Node(ModelFlavor.python.rawValue)] != nil
        for flavor in ModelFlavor.native {
            guard let fields = flavors[Node(flavor.rawValue)] else { continue }
            modelClasses[flavor] = fields["model_class"]?.string
            if let file = fields["data"]?.string {
                candidates.append((flavor, file))
            } else if !hasPython {
                throw MartletError(
                    .invalidArgument,
                    "'flavors.\(flavor.rawValue).data' of 'MLmodel' is missing."
                )
            }
        }
        if hasPython { candidates.append((.python, "MLmodel")) }
        guard !candidates.isEmpty else {
            let names = flavors.keys.compactMap(\.string).joined(separator: ", ")
            throw MartletError(
                .unimplemented,
                "'MLmodel' has the flavors \(names); Martlet runs xgboost, lightgbm and onnx models, and every model"
                    + " with the flavor python_function."
            )
        }
        signature = try Self.signature(node?["signature"])
        if let example = node?["saved_input_example_info"], example["type"]?.string == "dataframe",
            example["pandas_orient"]?.string == "split"
        {
            exampleFile = example["artifact_path"]?.string
        }
    }

    private static func signature(_ node: Node?) throws -> ModelSignature? {
        guard let node, node.mapping != nil else { return nil }
        var object: JSONObject = [:]
        for key in ["inputs", "outputs", "params"] {
            guard let text = node[key]?.string, text != "null", !text.isEmpty else { continue }
            object[key] = .string(text)
        }
        return object.isEmpty ? nil : try ModelSignature(json: .object(object))
    }
}
