import Core

/// JSON as it is kept in columns and sent inside string fields: with Python's bare `NaN` and `Infinity`, which records
/// made of data frames carry.
enum EvaluationText {
    /// Parses a text field that holds JSON.
    ///
    /// - Throws: `invalidArgument` naming the field.
    static func parse(_ text: String, field: String) throws(MartletError) -> JSONValue {
        do {
            return try JSONValue.parse(text, limits: .lenientNumbers)
        } catch {
            throw MartletError(error.code, "\(field) must be valid JSON: \(error.message)", cause: error)
        }
    }

    /// The text of a value; with `sorted`, the same for values that differ only in the order of their members.
    static func text(_ value: JSONValue, sorted: Bool = false) -> String {
        var writer = JSONWriter()
        write(value, sorted: sorted, to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    // Depth is bounded: values come from the parser, which is.
    private static func write(_ value: JSONValue, sorted: Bool, to writer: inout JSONWriter) {
        switch value {
        case .number(let number) where !number.isFinite:
            writer.raw(Array((number.isNaN ? "NaN" : number > 0 ? "Infinity" : "-Infinity").utf8))
        case .array(let elements):
            writer.raw(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { writer.raw(Array(", ".utf8)) }
                write(element, sorted: sorted, to: &writer)
            }
            writer.raw(UInt8(ascii: "]"))
        case .object(let object):
            let pairs = sorted ? object.pairs.sorted { $0.key < $1.key } : object.pairs
            writer.raw(UInt8(ascii: "{"))
            for (index, pair) in pairs.enumerated() {
                if index > 0 { writer.raw(Array(", ".utf8)) }
                writer.string(pair.key)
                writer.raw(Array(": ".utf8))
                write(pair.value, sorted: sorted, to: &writer)
            }
            writer.raw(UInt8(ascii: "}"))
        default: writer.raw(value.serialized())
        }
    }
}
