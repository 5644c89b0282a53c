import Core

/// The contents of a JSON or UBJSON model file, with arrays of numbers packed.
enum ModelDocument {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    /// An array of numbers only; an empty array is one too. Truth values count as 0 and 1.
    case numbers([Double])
    case array([ModelDocument])
    case object([String: ModelDocument])

    /// Reads a model file of either form: XGBoost writes JSON text or UBJSON, and the name does not always say which.
    ///
    /// - Throws: `dataLoss` saying where the bytes are malformed.
    init(_ bytes: [UInt8]) throws {
        self = try bytes.withUnsafeBufferPointer { buffer in
            if Self.isText(buffer) {
                var reader = ModelJSONReader(buffer)
                return try reader.readDocument()
            }
            var reader = UBJSONReader(buffer)
            return try reader.readDocument()
        }
    }

    /// JSON begins with `{`, white space and `"`; UBJSON goes on with the type of the first key's length.
    private static func isText(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes.first == 0x7B else { return true }
        let next = bytes.dropFirst().first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
        return next == 0x22 || next == 0x7D
    }

    /// The members when this is an object.
    var members: [String: ModelDocument]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// The elements when this is an array of anything but numbers; an empty array has none.
    var elements: [ModelDocument]? {
        switch self {
        case .array(let elements): elements
        case .numbers(let numbers): numbers.map { .number($0) }
        default: nil
        }
    }

    /// The numbers when this is an array of numbers.
    var packedNumbers: [Double]? {
        guard case .numbers(let numbers) = self else { return nil }
        return numbers
    }

    /// The text when this is a string.
    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}

/// Collects array elements, packing them as long as they are numbers.
struct ModelArrayBuilder {
    private var numbers: [Double] = []
    private var elements: [ModelDocument]?

    init() {}

    mutating func append(_ value: ModelDocument) {
        if elements != nil {
            elements?.append(value)
            return
        }
        switch value {
        case .number(let number): numbers.append(number)
        case .bool(let flag): numbers.append(flag ? 1 : 0)
        default:
            elements = numbers.map { .number($0) } + [value]
            numbers = []
        }
    }

    func finish() -> ModelDocument {
        elements.map { .array($0) } ?? .numbers(numbers)
    }
}
