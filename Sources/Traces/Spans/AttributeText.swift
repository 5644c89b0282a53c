package import Core

/// JSON text as Python's json module writes it: `", "` and `": "`, bare `NaN` and `Infinity`, letters unescaped.
///
/// Filters such as `span.content LIKE '%"model": "gpt%'` are written against this form.
package enum AttributeText {
    /// The text of a value.
    package static func json(_ value: JSONValue) -> String {
        var writer = JSONWriter()
        append(value, to: &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The text of a string.
    package static func json(_ text: String) -> String {
        json(.string(text))
    }

    /// The value of a text, or nil if it is no JSON.
    static func parse(_ text: String) -> JSONValue? {
        // Most texts that are no JSON show it in their first byte.
        guard let first = text.utf8.first(where: { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }),
            "\"{[-0123456789tfnNI".utf8.contains(first)
        else { return nil }
        return try? JSONValue.parse(text, limits: .lenientNumbers)
    }

    /// The text under which an attribute that came as a string is kept.
    ///
    /// MLflow's clients write values as JSON before they hand them to OpenTelemetry: text that is a JSON string, array
    /// or object already is kept as it is.
    static func ofString(_ text: String) -> String {
        switch parse(text) {
        case .string, .array, .object: text
        default: json(text)
        }
    }

    private static func append(_ value: JSONValue, to writer: inout JSONWriter) {
        switch value {
        case .null: writer.raw("null")
        case .bool(let value): writer.bool(value)
        case .integer(let value): writer.integer(value)
        case .number(let value): append(value, to: &writer)
        case .string(let text): writer.string(text)
        case .array(let elements):
            writer.raw(UInt8(ascii: "["))
            for (position, element) in elements.enumerated() {
                if position > 0 { writer.raw(", ") }
                append(element, to: &writer)
            }
            writer.raw(UInt8(ascii: "]"))
        case .object(let object):
            writer.raw(UInt8(ascii: "{"))
            for (position, member) in object.pairs.enumerated() {
                if position > 0 { writer.raw(", ") }
                writer.string(member.key)
                writer.raw(": ")
                append(member.value, to: &writer)
            }
            writer.raw(UInt8(ascii: "}"))
        }
    }

    private static func append(_ value: Double, to writer: inout JSONWriter) {
        if value.isFinite { return writer.number(value) }
        if value.isNaN { return writer.raw("NaN") }
        if value > 0 { writer.raw("Infinity") } else { writer.raw("-Infinity") }
    }
}
