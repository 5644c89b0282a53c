extension ModelSignature {
    /// Reads MLflow's form, in which `inputs`, `outputs` and `params` are arrays or JSON text of arrays.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package init(json: JSONValue) throws(MartletError) {
        let fields = try JSONFields(json, path: "signature")
        let inputs = try Self.specs(fields, "inputs")
        let outputs = try Self.specs(fields, "outputs")
        self.init(
            inputs: inputs.columns,
            outputs: outputs.columns,
            inputTensors: inputs.tensors,
            outputTensors: outputs.tensors,
            params: try Self.elements(fields, "params").map { element throws(MartletError) in
                try ParameterSpec(element)
            }
        )
    }

    private static func elements(_ fields: JSONFields, _ key: String) throws(MartletError) -> [JSONFields] {
        guard var value = fields.value(key) else { return [] }
        if let text = value.stringValue { value = try JSONValue.parse(text) }
        if value == .null { return [] }
        guard let elements = value.arrayValue else { throw fields.invalid(key, "must be an array") }
        guard elements.count <= CoreLimits.signatureFields else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: key))' has \(elements.count) entries, more than \(CoreLimits.signatureFields)."
            )
        }
        var specs: [JSONFields] = []
        for (position, element) in elements.enumerated() {
            specs.append(try JSONFields(element, path: "signature.\(key)[\(position)]"))
        }
        return specs
    }

    private static func specs(
        _ fields: JSONFields,
        _ key: String
    ) throws(MartletError) -> (columns: [Field], tensors: [TensorSpec]) {
        var columns: [Field] = []
        var tensors: [TensorSpec] = []
        for (position, element) in try elements(fields, key).enumerated() {
            let name = try element.optionalString("name")
            if try element.string("type") == "tensor" {
                tensors.append(try TensorSpec(signature: element, name: name ?? ""))
            } else {
                columns.append(
                    Field(
                        name: name ?? "\(position)",
                        schema: try ValueSchema(element),
                        isRequired: try element.optionalBool("required") ?? true
                    )
                )
            }
        }
        guard columns.isEmpty || tensors.isEmpty else {
            throw fields.invalid(key, "must be all columns or all tensors")
        }
        guard tensors.count < 2 || tensors.allSatisfy({ !$0.name.isEmpty }) else {
            throw fields.invalid(key, "must name each of several tensors")
        }
        return (columns, tensors)
    }

    /// MLflow's form with arrays.
    package var json: JSONValue {
        var object: JSONObject = [
            "inputs": .array(inputs.map(Self.json(of:)) + inputTensors.map(\.signatureJSON)),
            "outputs": .array(outputs.map(Self.json(of:)) + outputTensors.map(\.signatureJSON)),
        ]
        if !params.isEmpty { object["params"] = .array(params.map(\.json)) }
        return .object(object)
    }

    private static func json(of field: Field) -> JSONValue {
        var object = field.schema.json
        object["name"] = .string(field.name)
        object["required"] = .bool(field.isRequired)
        return .object(object)
    }
}

extension ValueSchema {
    /// Reads the members `type`, `items`, `properties` and `values` of one of MLflow's types.
    init(_ fields: JSONFields) throws(MartletError) {
        let name = try fields.string("type")
        guard let type = ModelSignature.FieldType(rawValue: name) else {
            let known = ModelSignature.FieldType.allCases.map(\.rawValue).joined(separator: ", ")
            throw fields.invalid("type", "must be one of \(known) or tensor")
        }
        switch type {
        case .array: self = .array(try ValueSchema(fields.fields("items")))
        case .map: self = .map(try ValueSchema(fields.fields("values")))
        case .any: self = .any
        case .vector: self = .vector
        case .object:
            let properties = try fields.fields("properties")
            var members: [Member] = []
            for key in properties.object.keys {
                let property = try properties.fields(key)
                let isRequired = try property.optionalBool("required") ?? true
                members.append(Member(key, try ValueSchema(property), isRequired: isRequired))
            }
            self = .object(members)
        default: self = .scalar(type)
        }
    }

    /// MLflow's form.
    var json: JSONObject {
        var object: JSONObject = ["type": .string(type.rawValue)]
        switch self {
        case .scalar, .any, .vector: break
        case .array(let element): object["items"] = .object(element.json)
        case .map(let element): object["values"] = .object(element.json)
        case .object(let members):
            object["properties"] = .object(
                JSONObject(
                    members.map { member in
                        var property = member.schema.json
                        property["required"] = .bool(member.isRequired)
                        return (member.name, .object(property))
                    }
                )
            )
        }
        return object
    }
}

extension ParameterSpec {
    /// Reads MLflow's form; older writers say `dtype` for `type`.
    init(_ fields: JSONFields) throws(MartletError) {
        var object = fields.object
        if fields.value("type") == nil, let type = fields.value("dtype") { object["type"] = type }
        let schema = try ValueSchema(JSONFields(object, path: fields.path))
        let shape = try fields.optionalArray("shape")
        guard shape == nil || shape?.count == 1 && shape?.first?.integerValue == -1 else {
            throw fields.invalid("shape", "must be null or [-1]")
        }
        self.init(
            try fields.string("name"),
            schema,
            isList: shape != nil,
            default: fields.value("default") ?? .null
        )
    }

    /// MLflow's form.
    var json: JSONValue {
        var object: JSONObject = [
            "name": .string(name), "default": defaultValue, "shape": isList ? [-1] : nil,
        ]
        for (key, value) in schema.json.pairs { object[key] = value }
        return .object(object)
    }
}

extension TensorSpec {
    /// Reads MLflow's form, `{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 4]}}`.
    init(signature fields: JSONFields, name: String) throws(MartletError) {
        let spec = try fields.fields("tensor-spec")
        let dtype = try spec.string("dtype")
        guard let dataType = DataType(numpy: dtype) else {
            throw spec.invalid("dtype", "must be a NumPy type of numbers, truth values or text")
        }
        var shape: [Int] = []
        for extent in try spec.array("shape") {
            guard let number = extent.integerValue, let size = Int(exactly: number), size >= -1 else {
                throw spec.invalid("shape", "must hold extents, or -1 for any")
            }
            shape.append(size)
        }
        guard shape.count <= CoreLimits.tensorRank else {
            throw spec.invalid("shape", "must have at most \(CoreLimits.tensorRank) dimensions")
        }
        self.init(name, dataType, shape)
    }

    /// MLflow's form.
    var signatureJSON: JSONValue {
        var object: JSONObject = [
            "type": "tensor",
            "tensor-spec": [
                "dtype": .string(dataType.numpyName), "shape": .array(shape.map { .integer(Int64($0)) }),
            ],
        ]
        if !name.isEmpty { object["name"] = .string(name) }
        return .object(object)
    }
}

extension DataType {
    /// The type of NumPy's name for it, such as `float32` or `object`; nil for complex numbers and records.
    package init?(numpy name: String) {
        switch name {
        case "bool", "bool_": self = .bool
        case "uint8": self = .uint8
        case "uint16": self = .uint16
        case "uint32": self = .uint32
        case "uint64": self = .uint64
        case "int8": self = .int8
        case "int16": self = .int16
        case "int32": self = .int32
        case "int64": self = .int64
        case "float16": self = .float16
        case "bfloat16": self = .brain16
        case "float32": self = .float32
        case "float64": self = .float64
        case "object", "str", "bytes", "string": self = .bytes
        default:
            if name.hasPrefix("datetime64") {
                self = .int64
            } else if name.hasPrefix("<U") || name.hasPrefix("|S") || name.hasPrefix("str") || name.hasPrefix("bytes") {
                self = .bytes
            } else {
                return nil
            }
        }
    }

    /// NumPy's name for it.
    package var numpyName: String {
        switch self {
        case .bool: "bool"
        case .uint8: "uint8"
        case .uint16: "uint16"
        case .uint32: "uint32"
        case .uint64: "uint64"
        case .int8: "int8"
        case .int16: "int16"
        case .int32: "int32"
        case .int64: "int64"
        case .float16: "float16"
        case .brain16: "bfloat16"
        case .float32: "float32"
        case .float64: "float64"
        case .bytes: "object"
        }
    }
}
