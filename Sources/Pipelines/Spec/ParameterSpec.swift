package import Core

/// One parameter of a pipeline: its type, what it may be, and what it is when a run does not say.
package struct ParameterSpec: Sendable, Equatable {
    /// What values a parameter takes.
    package enum Kind: String, Sendable, CaseIterable {
        case string, integer, number, boolean, list, object
        /// Any value: a parameter that was declared by `null` alone.
        case any
    }

    /// The name, unique in the pipeline.
    package let name: String
    /// The type.
    package let kind: Kind
    /// The value when a run does not give one; nil when it must.
    package let standard: JSONValue?
    /// The only values that are accepted; empty for all of the type.
    package let choices: [JSONValue]
    /// The least number, or the shortest text or list.
    package let minimum: Double?
    /// The greatest number, or the longest text or list.
    package let maximum: Double?
    /// One line for people.
    package let summary: String?

    static let keys = ["type", "default", "choices", "min", "max", "description"]

    /// Reads one parameter: `{type: …}` declares it whole, anything else is its default and gives the type.
    static func parse(_ name: String, in fields: JSONFields) throws(MartletError) -> ParameterSpec {
        let path = fields.path(of: name)
        try PipelineName.require(name, path: path)
        guard case .object(let object)? = fields.value(name), let type = object["type"]?.stringValue,
            let kind = Kind(rawValue: type), kind != .any, object.keys.allSatisfy(keys.contains)
        else { return try short(name, fields.value(name), path: path) }
        let declared = JSONFields(object, path: path)
        let spec = ParameterSpec(
            name: name,
            kind: kind,
            standard: declared.value("default"),
            choices: try declared.optionalArray("choices") ?? [],
            minimum: try declared.optionalDouble("min"),
            maximum: try declared.optionalDouble("max"),
            summary: try declared.optionalString("description")
        )
        try spec.checkBounds(declared)
        return spec
    }

    private static func short(_ name: String, _ value: JSONValue?, path: String) throws(MartletError) -> ParameterSpec {
        let spec = ParameterSpec(
            name: name,
            kind: kind(of: value),
            standard: value,
            choices: [],
            minimum: nil,
            maximum: nil,
            summary: nil
        )
        if let value { try spec.requireBounded(value, path: path) }
        return spec
    }

    private static func kind(of value: JSONValue?) -> Kind {
        switch value {
        case .string: .string
        case .integer: .integer
        case .number: .number
        case .bool: .boolean
        case .array: .list
        case .object: .object
        case .null, nil: .any
        }
    }

    private func checkBounds(_ fields: JSONFields) throws(MartletError) {
        guard choices.count <= PipelinesLimits.choices else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "choices"))' has \(choices.count) values; at most \(PipelinesLimits.choices) are accepted."
            )
        }
        if fields.value("choices") != nil, choices.isEmpty { throw fields.invalid("choices", "must name a value") }
        if kind == .boolean || kind == .object {
            for key in ["min", "max"] where fields.value(key) != nil {
                throw fields.invalid(key, "does not fit the type \(kind.rawValue)")
            }
        }
        if let minimum, let maximum, minimum > maximum { throw fields.invalid("min", "must not be above 'max'") }
        for (position, choice) in choices.enumerated() where !fits(choice) {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "choices"))[\(position)]' must be of the type \(kind.rawValue), but is \(choice)."
            )
        }
        if let standard { _ = try accept(standard, path: fields.path(of: "default")) }
    }

    /// The value as it is used, when it is of the type and within the bounds.
    ///
    /// - Throws: `invalidArgument` naming `path` and what is accepted.
    package func accept(_ value: JSONValue, path: String) throws(MartletError) -> JSONValue {
        guard fits(value) else {
            throw JSONFields(JSONObject([(path, value)])).invalid(path, "must be \(Self.words[kind] ?? kind.rawValue)")
        }
        try requireBounded(value, path: path)
        if !choices.isEmpty, !choices.contains(value) {
            let known = choices.map(\.description).joined(separator: ", ")
            throw JSONFields(JSONObject([(path, value)])).invalid(path, "must be one of \(known)")
        }
        let size = size(of: value)
        if let size, let minimum, size < minimum {
            throw JSONFields(JSONObject([(path, value)])).invalid(path, "must be at least \(Self.text(minimum))\(unit)")
        }
        if let size, let maximum, size > maximum {
            throw JSONFields(JSONObject([(path, value)])).invalid(path, "must be at most \(Self.text(maximum))\(unit)")
        }
        return value
    }

    private static let words: [Kind: String] = [
        .string: "a string", .integer: "a whole number", .number: "a number", .boolean: "true or false",
        .list: "a list",
        .object: "an object",
    ]

    private var unit: String {
        switch kind {
        case .string: " bytes"
        case .list: " elements"
        default: ""
        }
    }

    private static func text(_ number: Double) -> String {
        JSONValue.number(number).integerValue.map { "\($0)" } ?? "\(number)"
    }

    private func size(of value: JSONValue) -> Double? {
        switch value {
        case .string(let text): Double(text.utf8.count)
        case .array(let elements): Double(elements.count)
        default: value.doubleValue
        }
    }

    private func fits(_ value: JSONValue) -> Bool {
        switch (kind, value) {
        case (.any, _), (.string, .string), (.boolean, .bool), (.list, .array), (.object, .object): true
        case (.integer, _): value.integerValue != nil
        case (.number, _): value.doubleValue != nil
        default: false
        }
    }

    private func requireBounded(_ value: JSONValue, path: String) throws(MartletError) {
        guard value.serialized().count <= PipelinesLimits.parameterBytes else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' is larger than \(PipelinesLimits.parameterBytes) bytes; pass a file's name instead."
            )
        }
    }
}
