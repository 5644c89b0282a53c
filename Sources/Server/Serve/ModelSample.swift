import Core
import Runtimes
import Serving

/// A request that fits a model, for people to copy.
enum ModelSample {
    private static let mostValues = 64

    /// A body for `POST /v2/models/NAME/infer`: one row of zeros, or zeros and empty texts of every input.
    static func body(of loaded: LoadedModel) -> JSONValue {
        if let rows = loaded.rows {
            let shown = min(rows.featureCount, mostValues)
            return [
                "inputs": [
                    [
                        "name": "input", "datatype": "FP32", "shape": [1, .int(rows.featureCount)],
                        "data": .array([JSONValue](repeating: 0, count: shown)),
                    ]
                ]
            ]
        }
        return ["inputs": .array(loaded.runtime.inputs.map(input))]
    }

    private static func input(_ spec: TensorSpec) -> JSONValue {
        let shape = spec.shape.map { max(1, $0) }
        let count = min(mostValues, (try? Tensor.elementCount(of: shape)) ?? 1)
        let zero: JSONValue =
            switch spec.dataType {
            case .bytes: ""
            case .bool: false
            default: 0
            }
        return [
            "name": .string(spec.name), "datatype": .string(spec.dataType.rawValue),
            "shape": .array(shape.map { .int($0) }), "data": .array([JSONValue](repeating: zero, count: count)),
        ]
    }
}
