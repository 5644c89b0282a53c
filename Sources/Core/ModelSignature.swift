/// What a model takes and gives, as MLflow writes it ("Model Signatures"): columns of a table, or tensors, and the
/// parameters of a call.
package struct ModelSignature: Sendable, Equatable {
    /// The types of MLflow's columns.
    package enum FieldType: String, Sendable, CaseIterable {
        case boolean
        case integer
        case long
        case float
        case double
        case string
        case binary
        case datetime
        case array
        case object
        case map
        case any
        case vector = "sparkml_vector"

        /// The tensor element type that carries it; what is nested travels as JSON text.
        package var dataType: DataType {
            switch self {
            case .boolean: .bool
            case .integer: .int32
            case .long, .datetime: .int64
            case .float: .float32
            case .double: .float64
            case .string, .binary, .array, .object, .map, .any, .vector: .bytes
            }
        }

        /// Whether a value is one number, text or truth value.
        package var isScalar: Bool {
            switch self {
            case .array, .object, .map, .any, .vector: false
            default: true
            }
        }

        /// Whether a value is a number or a truth value, so that a row of them is a row of numbers.
        package var isNumeric: Bool {
            switch self {
            case .boolean, .integer, .long, .float, .double: true
            default: false
            }
        }
    }

    /// One named input or output column.
    package struct Field: Sendable, Equatable {
        /// The column's name.
        package let name: String
        /// The column's type.
        package let type: FieldType
        /// Whether a request must have it.
        package let isRequired: Bool
        /// What values look like, to the innermost element.
        package let schema: ValueSchema

        /// Makes a column of scalars.
        package init(name: String, type: FieldType, isRequired: Bool = true) {
            self.init(name: name, schema: .scalar(type), isRequired: isRequired)
        }

        /// Makes a column.
        package init(name: String, schema: ValueSchema, isRequired: Bool = true) {
            self.name = name
            type = schema.type
            self.isRequired = isRequired
            self.schema = schema
        }
    }

    /// The input columns in order; empty when the model takes tensors.
    package let inputs: [Field]
    /// The output columns in order; empty when the model gives tensors.
    package let outputs: [Field]
    /// The input tensors in order; empty when the model takes columns.
    ///
    /// A single array may have an empty name.
    package let inputTensors: [TensorSpec]
    /// The output tensors in order; empty when the model gives columns.
    package let outputTensors: [TensorSpec]
    /// What a call may be told beside its input.
    package let params: [ParameterSpec]

    /// Makes a signature.
    package init(
        inputs: [Field],
        outputs: [Field],
        inputTensors: [TensorSpec] = [],
        outputTensors: [TensorSpec] = [],
        params: [ParameterSpec] = []
    ) {
        self.inputs = inputs
        self.outputs = outputs
        self.inputTensors = inputTensors
        self.outputTensors = outputTensors
        self.params = params
    }

    /// Whether nothing is said of the input.
    package var isSilent: Bool { inputs.isEmpty && inputTensors.isEmpty }

    /// The parameters of a call, checked and with the defaults of those that are not given.
    ///
    /// - Throws: `invalidArgument` naming what was expected and received for an unknown parameter or a wrong value.
    package func parameters(from given: JSONObject) throws(MartletError) -> JSONObject {
        let known = params.map(\.name)
        for key in given.keys where !known.contains(key) {
            let expected = known.isEmpty ? "The model takes none" : "The model takes \(known.joined(separator: ", "))"
            throw MartletError(.invalidArgument, "The parameter '\(key)' is not known. \(expected).")
        }
        var complete: JSONObject = [:]
        for spec in params {
            complete[spec.name] =
                try given[spec.name].map { value throws(MartletError) in try spec.checked(value) }
                ?? spec.defaultValue
        }
        return complete
    }
}
