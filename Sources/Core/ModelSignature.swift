/// What a model takes and gives, in MLflow's column form (MLflow "Model Signature", ColSpec).
package struct ModelSignature: Sendable, Equatable {
    /// The scalar types of MLflow's ColSpec.
    package enum FieldType: String, Sendable, CaseIterable {
        case boolean
        case integer
        case long
        case float
        case double
        case string
        case binary
        case datetime

        /// The tensor element type that carries it.
        package var dataType: DataType {
            switch self {
            case .boolean: .bool
            case .integer: .int32
            case .long, .datetime: .int64
            case .float: .float32
            case .double: .float64
            case .string, .binary: .bytes
            }
        }
    }

    /// One named input or output column.
    package struct Field: Sendable, Equatable {
        /// The column's name.
        package let name: String
        /// The column's scalar type.
        package let type: FieldType
        /// Whether a request must have it.
        package let isRequired: Bool

        /// Makes a field.
        package init(name: String, type: FieldType, isRequired: Bool = true) {
            self.name = name
            self.type = type
            self.isRequired = isRequired
        }
    }

    /// The input columns in order.
    package let inputs: [Field]
    /// The output columns in order.
    package let outputs: [Field]

    /// Makes a signature.
    package init(inputs: [Field], outputs: [Field]) {
        self.inputs = inputs
        self.outputs = outputs
    }

    /// Reads MLflow's form, in which `inputs` and `outputs` are arrays or JSON text of arrays.
    ///
    /// - Throws: `invalidArgument` naming the field; tensor specs are not columns and are refused.
    package init(json: JSONValue) throws(MartletError) {
        let fields = try JSONFields(json, path: "signature")
        inputs = try Self.columns(fields, "inputs")
        outputs = try Self.columns(fields, "outputs")
    }

    private static func columns(_ fields: JSONFields, _ key: String) throws(MartletError) -> [Field] {
        guard var value = fields.value(key) else { return [] }
        if let text = value.stringValue { value = try JSONValue.parse(text) }
        guard let elements = value.arrayValue else { throw fields.invalid(key, "must be an array of columns") }
        var columns: [Field] = []
        for (position, element) in elements.enumerated() {
            let column = try JSONFields(element, path: "signature.\(key)[\(position)]")
            let type = try column.string("type")
            guard let scalar = FieldType(rawValue: type) else {
                throw column.invalid("type", "must be a scalar column type")
            }
            columns.append(
                Field(
                    name: try column.optionalString("name") ?? "\(position)",
                    type: scalar,
                    isRequired: try column.optionalBool("required") ?? true
                )
            )
        }
        return columns
    }

    /// MLflow's form with arrays.
    package var json: JSONValue {
        ["inputs": .array(inputs.map(Self.json(of:))), "outputs": .array(outputs.map(Self.json(of:)))]
    }

    private static func json(of field: Field) -> JSONValue {
        ["type": .string(field.type.rawValue), "name": .string(field.name), "required": .bool(field.isRequired)]
    }
}
