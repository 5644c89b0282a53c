import Core
import Runtimes

/// JSON Schemas (2020-12) of what one deployment's requests and answers look like, with examples.
///
/// A schema may say less than the server accepts, because JSON Schema cannot tie a tensor's shape to its data; what fits
/// it is always accepted.
struct ModelSchema {
    /// The deployment's name.
    let deployment: String
    private let model: LoadedModel

    /// Largest number of JSON that becomes a finite 32-bit one.
    private static let largest = 0x1.fffffefffffffp127

    init(_ deployment: String, _ model: LoadedModel) {
        self.deployment = deployment
        self.model = model
    }

    /// Whether rows of numbers are all that the model takes.
    var takesRows: Bool { model.rows != nil }

    // MARK: Rows

    /// One value of a row of numbers; null is missing.
    private static let number: JSONValue = [
        "type": ["number", "boolean", "null"], "minimum": .number(-largest), "maximum": .number(largest),
    ]

    private static func cell(_ field: ModelSignature.Field) -> JSONValue {
        switch field.type {
        case .boolean: ["type": "boolean"]
        case .integer: ["type": "integer", "minimum": -2_147_483_648, "maximum": 2_147_483_647]
        case .long: ["type": "integer", "minimum": -9_007_199_254_740_992, "maximum": 9_007_199_254_740_992]
        case .float, .double: ["type": ["number", "null"], "minimum": .number(-largest), "maximum": .number(largest)]
        case .string: ["type": "string"]
        case .binary: ["type": "string", "contentEncoding": "base64", "pattern": "^([A-Za-z0-9+/]{4})*$"]
        case .datetime: ["type": "string", "format": "date-time"]
        case .array, .object, .map, .any, .vector: [:]
        }
    }

    private static func example(_ field: ModelSignature.Field) -> JSONValue {
        switch field.type {
        case .boolean: true
        case .integer, .long: 1
        case .float, .double: 0.5
        case .string: "text"
        case .binary: "dGV4dA=="
        case .datetime: "2026-01-31T12:00:00Z"
        case .array, .vector: []
        case .object, .map, .any: [:]
        }
    }

    /// Names and schemas of the columns; empty when the model does not take a table.
    private var columns: [(name: String, schema: JSONValue, example: JSONValue, isRequired: Bool)] {
        if takesRows { return model.inputs.map { ($0, Self.number, 0.5, true) } }
        return model.signature.inputs.map { ($0.name, Self.cell($0), Self.example($0), $0.isRequired) }
    }

    /// A row as an array in the model's order.
    private var positional: JSONValue {
        let count = JSONValue.int(columns.count)
        if takesRows { return ["type": "array", "items": Self.number, "minItems": count, "maxItems": count] }
        return ["type": "array", "prefixItems": .array(columns.map(\.schema)), "minItems": count, "maxItems": count]
    }

    /// A row as an object by column name.
    private func named(isClosed: Bool) -> JSONValue {
        var schema: JSONObject = [
            "type": "object", "properties": .object(JSONObject(columns.map { ($0.name, $0.schema) })),
            "required": .array(columns.filter(\.isRequired).map { .string($0.name) }),
        ]
        if isClosed { schema["additionalProperties"] = false }
        return .object(schema)
    }

    private var exampleRow: JSONValue { .array(columns.map(\.example)) }

    private var exampleObject: JSONValue { .object(JSONObject(columns.map { ($0.name, $0.example) })) }

    /// Rows in any form that V1 takes.
    private func rows(isClosed: Bool) -> JSONValue {
        guard !columns.isEmpty else { return array }
        return [
            "type": "array",
            "anyOf": [["items": positional], ["items": named(isClosed: isClosed)]],
        ]
    }

    /// An array for a model of tensors; what it may hold is in the description.
    private var array: JSONValue {
        [
            "type": "array",
            "description": .string("Elements along the first dimension of \(V2Tensors.expected(model))."),
        ]
    }

    // MARK: Bodies

    /// `POST /predict`.
    var predict: JSONValue {
        let features: JSONValue =
            columns.isEmpty
            ? array : ["anyOf": [positional, named(isClosed: true), manyRows]]
        return [
            "type": "object", "required": ["features"],
            "properties": ["features": features, "deployment": ["enum": [.string(deployment), .null]]],
        ]
    }

    private var manyRows: JSONValue {
        ["type": "array", "minItems": 1, "anyOf": [["items": positional], ["items": named(isClosed: true)]]]
    }

    var predictExample: JSONValue { columns.isEmpty ? ["features": []] : ["features": exampleRow] }

    /// V1's `:predict`.
    var v1: JSONValue {
        let rows = rows(isClosed: true)
        return [
            "type": "object",
            "oneOf": [
                ["required": ["instances"], "properties": ["instances": rows]],
                ["required": ["inputs"], "properties": ["inputs": rows]],
            ],
        ]
    }

    var v1Example: JSONValue { columns.isEmpty ? ["instances": []] : ["instances": [exampleRow]] }

    /// MLflow's `/invocations`.
    var invocations: JSONValue {
        guard !columns.isEmpty else {
            return ["type": "object", "required": ["inputs"], "properties": ["inputs": [:]]]
        }
        let names = JSONValue.array(columns.map { .string($0.name) })
        let split: JSONValue = [
            "type": "object", "required": ["data"], "additionalProperties": false,
            "properties": [
                "columns": ["const": names], "index": [:],
                "data": ["type": "array", "items": positional],
            ],
        ]
        let records: JSONValue = ["type": "array", "items": named(isClosed: false)]
        let byColumn: JSONValue = [
            "type": "object", "required": .array(columns.filter(\.isRequired).map { .string($0.name) }),
            "description":
                "Arrays of the same length, one for each column, or single values; the schema shows one row.",
            "properties": .object(
                JSONObject(
                    columns.map {
                        let cells: JSONValue = ["type": "array", "items": $0.schema, "minItems": 1, "maxItems": 1]
                        return ($0.name, ["anyOf": [$0.schema, cells]])
                    }
                )
            ),
        ]
        let forms: [(String, JSONValue)] = [
            ("dataframe_split", split), ("dataframe_records", records), ("instances", rows(isClosed: false)),
            ("inputs", byColumn),
        ]
        return [
            "type": "object",
            "oneOf": .array(
                forms.map { name, schema in
                    ["required": [.string(name)], "properties": .object([name: schema])]
                }
            ),
        ]
    }

    var invocationsExample: JSONValue { columns.isEmpty ? ["inputs": []] : ["dataframe_records": [exampleObject]] }

    // MARK: V2

    /// V2's inference request.
    var v2: JSONValue {
        [
            "type": "object", "required": ["inputs"],
            "properties": [
                "id": ["type": ["string", "null"]], "inputs": inputs,
                "parameters": [
                    "type": ["object", "null"], "properties": ["binary_data_output": ["type": ["boolean", "null"]]],
                ],
                "outputs": [
                    "type": "array", "maxItems": .int(ServingLimits.outputsPerRequest),
                    "items": [
                        "type": "object", "required": ["name"],
                        "properties": [
                            "name": ["enum": .array(V2Outputs.specs(model).map { .string($0.name) })],
                            "parameters": [
                                "type": ["object", "null"],
                                "properties": ["binary_data": ["type": ["boolean", "null"]]],
                            ],
                        ],
                    ],
                ],
            ],
        ]
    }

    private var inputs: JSONValue {
        let specs = V2Outputs.inputSpecs(model)
        guard takesRows else {
            let items = specs.map(tensor)
            let count = JSONValue.int(items.count)
            guard !items.isEmpty else { return ["type": "array", "minItems": 1, "items": ["type": "object"]] }
            return ["type": "array", "prefixItems": .array(items), "minItems": count, "maxItems": count]
        }
        let width = JSONValue.int(model.inputs.count)
        let matrix: JSONValue = [
            "type": "object", "required": ["name", "shape", "datatype", "data"],
            "description": "Any number of rows; the schema shows one.",
            "properties": [
                "name": ["type": "string", "minLength": 1], "shape": ["const": [1, width]],
                "datatype": ["enum": ["FP32", "FP64"]],
                "data": ["type": "array", "items": Self.number, "minItems": width, "maxItems": width],
            ],
        ]
        return ["type": "array", "items": matrix, "minItems": 1, "maxItems": 1]
    }

    private func tensor(_ spec: TensorSpec) -> JSONValue {
        let shape = spec.shape.map { max(1, $0) }
        let count = JSONValue.int(shape.reduce(1, &*))
        return [
            "type": "object", "required": ["name", "shape", "datatype", "data"],
            "description": .string("Shape \(spec.shape), where -1 is any extent; the schema shows the least."),
            "properties": [
                "name": ["const": .string(spec.name.isEmpty ? "input" : spec.name)],
                "shape": ["const": .array(shape.map { .int($0) })],
                "datatype": ["const": .string(spec.dataType.rawValue)],
                "data": ["type": "array", "items": Self.element(spec.dataType), "minItems": count, "maxItems": count],
            ],
        ]
    }

    private static func element(_ type: DataType) -> JSONValue {
        switch type {
        case .bool: ["type": "boolean"]
        case .bytes: ["type": "string"]
        case .float16, .brain16, .float32, .float64:
            ["type": ["number", "null"], "minimum": .number(-largest), "maximum": .number(largest)]
        case .uint8, .uint16, .uint32, .uint64: ["type": "integer", "minimum": 0, "maximum": 255]
        case .int8, .int16, .int32, .int64: ["type": "integer", "minimum": -128, "maximum": 127]
        }
    }

    var v2Example: JSONValue {
        let specs = V2Outputs.inputSpecs(model)
        let inputs = specs.map { spec -> JSONValue in
            let shape = spec.shape.map { max(1, $0) }
            let element: JSONValue
            switch spec.dataType {
            case .bool: element = true
            case .bytes: element = "text"
            case .float16, .brain16, .float32, .float64: element = 0.5
            default: element = 1
            }
            let count = min(shape.reduce(1, &*), ServingLimits.exampleValues)
            return [
                "name": .string(spec.name.isEmpty ? "input" : spec.name),
                "shape": .array(shape.map { .int($0) }),
                "datatype": .string(spec.dataType.rawValue),
                "data": .array(Array(repeating: element, count: count)),
            ]
        }
        return ["inputs": .array(inputs)]
    }
}
