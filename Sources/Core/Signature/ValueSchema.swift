/// What the values of a column look like, nested as deep as MLflow's types go.
package indirect enum ValueSchema: Sendable, Equatable {
    /// A number, a truth value or text.
    case scalar(ModelSignature.FieldType)
    /// Any number of values that look alike.
    case array(ValueSchema)
    /// Named values.
    case object([Member])
    /// Values that look alike under names of any kind.
    case map(ValueSchema)
    /// Whatever it is.
    case any
    /// A vector of Spark ML: a list of numbers, or its sparse form.
    case vector

    /// One named value of an object.
    package struct Member: Sendable, Equatable {
        /// Its name.
        package let name: String
        /// What it looks like.
        package let schema: ValueSchema
        /// Whether every object has it.
        package let isRequired: Bool

        /// Makes a member.
        package init(_ name: String, _ schema: ValueSchema, isRequired: Bool = true) {
            self.name = name
            self.schema = schema
            self.isRequired = isRequired
        }
    }

    /// The outermost type.
    package var type: ModelSignature.FieldType {
        switch self {
        case .scalar(let type): type
        case .array: .array
        case .object: .object
        case .map: .map
        case .any: .any
        case .vector: .vector
        }
    }

    /// Throws `invalidArgument`, naming the place, what was expected and received, unless `value` looks like this.
    ///
    /// `null` is accepted nowhere: whether a value may be missing is for the caller to know.
    package func check(_ value: JSONValue, at path: String) throws(MartletError) {
        switch self {
        case .any: return
        case .scalar(let type):
            if type.accepts(value) == nil { throw Self.mismatch(path, type.words, value) }
        case .vector:
            guard value.arrayValue != nil || value.objectValue != nil else {
                throw Self.mismatch(path, "a vector", value)
            }
        case .array(let element):
            guard let elements = value.arrayValue else { throw Self.mismatch(path, "an array", value) }
            for (index, item) in elements.enumerated() { try element.check(item, at: "\(path)[\(index)]") }
        case .map(let element):
            guard let members = value.objectValue else { throw Self.mismatch(path, "an object", value) }
            for (key, item) in members.pairs { try element.check(item, at: "\(path).\(key)") }
        case .object(let members):
            try Self.check(value, members: members, at: path)
        }
    }

    private static func check(
        _ value: JSONValue,
        members: [Member],
        at path: String
    ) throws(MartletError) {
        guard let object = value.objectValue else { throw mismatch(path, "an object", value) }
        for member in members {
            guard let item = object[member.name], item != .null else {
                guard member.isRequired else { continue }
                throw MartletError(.invalidArgument, "'\(path).\(member.name)' is missing.")
            }
            try member.schema.check(item, at: "\(path).\(member.name)")
        }
        let known = members.map(\.name)
        for key in object.keys where !known.contains(key) {
            throw MartletError(
                .invalidArgument,
                "'\(path).\(key)' is not known; expected are \(known.joined(separator: ", "))."
            )
        }
    }

    private static func mismatch(_ path: String, _ expected: String, _ value: JSONValue) -> MartletError {
        let text = value.description
        let received = text.utf8.count <= 80 ? text : value.kind
        return MartletError(.invalidArgument, "'\(path)' must be \(expected), but is \(received).")
    }
}

extension ModelSignature.FieldType {
    /// The type in words for messages.
    var words: String {
        switch self {
        case .boolean: "true or false"
        case .integer: "a whole number of 32 bits"
        case .long: "a whole number"
        case .float, .double: "a number"
        case .string: "text"
        case .binary: "base64 text"
        case .datetime: "a time in ISO 8601"
        case .array: "an array"
        case .object, .map: "an object"
        case .any: "any value"
        case .vector: "a vector"
        }
    }

    /// The scalar as this type; nil when it is another.
    ///
    /// Whole numbers are numbers, and numbers may be whole.
    func accepts(_ value: JSONValue) -> JSONValue? {
        switch self {
        case .boolean: return value.boolValue.map { .bool($0) }
        case .integer: return value.integerValue.flatMap { Int32(exactly: $0) }.map { .integer(Int64($0)) }
        case .long: return value.integerValue.map { .integer($0) }
        case .float, .double: return value.doubleValue.map { .number($0) }
        case .string, .binary: return value.stringValue.map { .string($0) }
        case .datetime:
            guard let text = value.stringValue, Self.startsWithDate(text) else { return nil }
            return value
        case .array, .object, .map, .any, .vector: return nil
        }
    }

    /// Whether text starts with a date such as `2026-01-31`; what follows is for the model to read.
    private static func startsWithDate(_ text: String) -> Bool {
        let head = Array(text.utf8.prefix(10))
        guard head.count == 10 else { return false }
        return head.enumerated().allSatisfy { index, byte in
            index == 4 || index == 7
                ? byte == UInt8(ascii: "-") : (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
    }
}
