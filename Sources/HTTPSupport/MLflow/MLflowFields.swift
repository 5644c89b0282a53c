package import Core

/// The fields of an MLflow request or of a message in it, read by the rules of proto3 JSON.
///
/// Names may be snake_case or lowerCamelCase, 64-bit numbers may be decimal strings, null counts as absent, unknown
/// fields are ignored. Errors have the texts that MLflow's clients know.
package struct MLflowFields: Sendable {
    /// The members as sent.
    package let object: JSONObject
    private let path: String
    private let isQuery: Bool

    /// Takes the members of a JSON body.
    package init(_ object: JSONObject) {
        self.init(object, path: "", isQuery: false)
    }

    /// Takes the parameters of a query; a name may occur several times.
    package init(query: [(name: String, value: String)]) {
        var object = JSONObject()
        for (name, value) in query {
            let values = object[name]?.arrayValue ?? []
            object[name] = .array(values + [.string(value)])
        }
        self.init(object, path: "", isQuery: true)
    }

    private init(_ object: JSONObject, path: String, isQuery: Bool) {
        self.object = object
        self.path = path
        self.isQuery = isQuery
    }

    /// The same fields and one more, which replaces what was sent under that name: a part of the request's path.
    package func setting(_ name: String, _ value: String) -> MLflowFields {
        var object = object
        object[Self.camelCase(name)] = nil
        object[name] = isQuery ? .array([.string(value)]) : .string(value)
        return MLflowFields(object, path: path, isQuery: isQuery)
    }

    /// Whether the field was sent and is not null.
    package func has(_ name: String) throws(MartletError) -> Bool {
        try value(name) != nil
    }

    /// Text that must be there and not be empty.
    package func string(_ name: String) throws(MartletError) -> String {
        guard let text = try optionalString(name), !text.isEmpty else { throw missing(name) }
        return text
    }

    /// Text, or nil if absent.
    package func optionalString(_ name: String) throws(MartletError) -> String? {
        guard let value = try single(name) else { return nil }
        return try text(value, of: name)
    }

    /// A whole number that must be there.
    package func int64(_ name: String) throws(MartletError) -> Int64 {
        guard let value = try optionalInt64(name) else { throw missing(name) }
        return value
    }

    /// A whole number, or nil if absent.
    package func optionalInt64(_ name: String) throws(MartletError) -> Int64? {
        guard let value = try single(name) else { return nil }
        let number = value.stringValue.map { Int64($0) } ?? value.integerValue
        guard let number else { throw invalid(name, value, "Value must be an integer of 64 bits.") }
        return number
    }

    /// A number that must be there; NaN and the infinities are numbers.
    package func double(_ name: String) throws(MartletError) -> Double {
        guard let value = try single(name) else { throw missing(name) }
        if let number = value.doubleValue { return number }
        switch value.stringValue {
        case "NaN": return .nan
        case "Infinity": return .infinity
        case "-Infinity": return -.infinity
        case let text?:
            // `Double.init` also reads hexadecimal and "inf"; a number in JSON has neither.
            let isDecimal = text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
            if isDecimal, let number = Double(text) { return number }
        case nil: break
        }
        throw invalid(name, value, "Value must be a number.")
    }

    /// A truth value, or nil if absent.
    package func optionalBool(_ name: String) throws(MartletError) -> Bool? {
        guard let value = try single(name) else { return nil }
        if let truth = value.boolValue { return truth }
        switch isQuery ? value.stringValue?.lowercased() : nil {
        case "true": return true
        case "false": return false
        default: throw invalid(name, value, "A truth value must be 'true' or 'false'.")
        }
    }

    /// An enum value, sent by name or by number, or nil if absent.
    package func optionalEnum<Value>(
        _ name: String,
        _ values: [(name: String, number: Int64, value: Value)]
    ) throws(MartletError) -> Value? {
        guard let value = try single(name) else { return nil }
        let number = value.integerValue ?? value.stringValue.flatMap { Int64($0) }
        if let match = values.first(where: { $0.number == number || $0.name == value.stringValue }) {
            return match.value
        }
        throw invalid(name, value, "Value must be one of \(values.map(\.name).joined(separator: ", ")).")
    }

    /// Texts; none if absent.
    package func strings(_ name: String) throws(MartletError) -> [String] {
        var texts: [String] = []
        for element in try elements(name) {
            texts.append(try text(element, of: name))
        }
        return texts
    }

    /// Messages; none if absent.
    package func messages(_ name: String) throws(MartletError) -> [MLflowFields] {
        var messages: [MLflowFields] = []
        for (index, element) in try elements(name).enumerated() {
            guard let object = element.objectValue else { throw invalid(name, element, "Value must be an object.") }
            messages.append(MLflowFields(object, path: "\(path)\(name)[\(index)].", isQuery: false))
        }
        return messages
    }

    /// A message, or nil if absent.
    package func optionalMessage(_ name: String) throws(MartletError) -> MLflowFields? {
        guard let value = try single(name) else { return nil }
        guard let object = value.objectValue else { throw invalid(name, value, "Value must be an object.") }
        return MLflowFields(object, path: "\(path)\(name).", isQuery: false)
    }

    /// The error for a required field that is absent.
    package func missing(_ name: String) -> MartletError {
        MartletError(
            .invalidArgument,
            "Missing value for required parameter '\(path)\(name)'. See the API docs for more information about "
                + "request parameters."
        )
    }

    /// The error for a field whose value is wrong.
    package func invalid(_ name: String, _ value: JSONValue, _ reason: String) -> MartletError {
        let text = value.description
        let shown = text.count <= 100 ? text : String(text.prefix(100)) + "…"
        return MartletError(
            .invalidArgument,
            "Invalid value \(shown) for parameter '\(path)\(name)' supplied: \(reason) Hint: Value was of type "
                + "'\(Self.pythonType(value))'. See the API docs for more information about request parameters."
        )
    }

    /// The text of a value, which must have no NUL: PostgreSQL stores none, so no database is given one.
    private func text(_ value: JSONValue, of name: String) throws(MartletError) -> String {
        guard let text = value.stringValue else { throw invalid(name, value, "Value must be a string.") }
        guard !text.utf8.contains(0) else {
            throw invalid(name, value, "Value must not contain the character NUL.")
        }
        return text
    }

    /// The name that MLflow's texts give to the type of a value.
    private static func pythonType(_ value: JSONValue) -> String {
        switch value {
        case .null: "NoneType"
        case .bool: "bool"
        case .integer: "int"
        case .number: "float"
        case .string: "str"
        case .array: "list"
        case .object: "dict"
        }
    }

    private func elements(_ name: String) throws(MartletError) -> [JSONValue] {
        guard let value = try value(name) else { return [] }
        guard let elements = value.arrayValue else { throw invalid(name, value, "Value must be an array.") }
        return elements
    }

    private func single(_ name: String) throws(MartletError) -> JSONValue? {
        guard let value = try value(name) else { return nil }
        return isQuery ? value.arrayValue?.last : value
    }

    private func value(_ name: String) throws(MartletError) -> JSONValue? {
        let snake = object[name]
        let camelName = Self.camelCase(name)
        let camel = camelName == name ? nil : object[camelName]
        if camel != nil, snake != nil {
            throw MartletError(
                .invalidArgument,
                "Request specifies both '\(path)\(name)' and '\(path)\(camelName)'; provide only one of them."
            )
        }
        let value = snake ?? camel
        return value == .null ? nil : value
    }

    private static func camelCase(_ name: String) -> String {
        let words = name.split(separator: "_")
        guard let first = words.first, words.count > 1 else { return name }
        return first + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}
