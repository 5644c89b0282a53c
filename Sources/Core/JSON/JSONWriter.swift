/// Appends JSON text to a byte buffer; for hot paths that know the shape of what they write.
package struct JSONWriter {
    /// The text so far.
    package private(set) var bytes: [UInt8] = []

    /// An empty buffer with room for `capacity` bytes.
    package init(capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
    }

    /// Appends text that is JSON already, such as `{"prediction":`.
    @inline(__always)
    package mutating func raw(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends one byte of punctuation.
    @inline(__always)
    package mutating func raw(_ byte: UInt8) {
        bytes.append(byte)
    }

    /// Appends bytes that are JSON already.
    package mutating func raw(_ json: some Sequence<UInt8>) {
        bytes.append(contentsOf: json)
    }

    /// Appends a quoted string with everything escaped that RFC 8259 asks for.
    package mutating func string(_ text: String) {
        bytes.append(0x22)
        var copy = text
        copy.withUTF8 { utf8 in
            var start = 0
            for index in utf8.indices {
                let byte = utf8[index]
                if byte >= 0x20, byte != 0x22, byte != 0x5C { continue }
                bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<index]))
                escape(byte)
                start = index + 1
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start...]))
        }
        bytes.append(0x22)
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(0x5C)
        switch byte {
        case 0x22, 0x5C: bytes.append(byte)
        case 0x0A: bytes.append(0x6E)
        case 0x0D: bytes.append(0x72)
        case 0x09: bytes.append(0x74)
        default:
            let digits = Array("0123456789abcdef".utf8)
            raw("u00")
            bytes.append(digits[Int(byte >> 4)])
            bytes.append(digits[Int(byte & 15)])
        }
    }

    /// Appends a whole number.
    package mutating func integer(_ value: Int64) {
        append(value.description)
    }

    /// Appends the shortest text that reads back as `value`; NaN and infinities become null.
    package mutating func number(_ value: Double) {
        guard value.isFinite else { return raw("null") }
        append(value.description)
    }

    /// Appends the shortest text that reads back as `value`; NaN and infinities become null.
    package mutating func number(_ value: Float) {
        guard value.isFinite else { return raw("null") }
        append(value.description)
    }

    /// Appends ASCII text; digits of numbers are short enough to need no memory of their own.
    @inline(__always)
    private mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }

    /// Appends true or false.
    package mutating func bool(_ value: Bool) {
        if value { raw("true") } else { raw("false") }
    }

    /// Appends a whole document.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: raw("null")
        case .bool(let value): bool(value)
        case .integer(let value): integer(value)
        case .number(let value): number(value)
        case .string(let text): string(text)
        case .array(let elements):
            raw(0x5B)
            for (position, element) in elements.enumerated() {
                if position > 0 { raw(0x2C) }
                self.value(element)
            }
            raw(0x5D)
        case .object(let object):
            raw(0x7B)
            for (position, member) in object.pairs.enumerated() {
                if position > 0 { raw(0x2C) }
                string(member.key)
                raw(0x3A)
                self.value(member.value)
            }
            raw(0x7D)
        }
    }
}

extension JSONValue: CustomStringConvertible {
    /// Compact JSON text as bytes; NaN and infinities become null.
    package func serialized() -> [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }

    /// Compact JSON text.
    package var description: String {
        String(decoding: serialized(), as: UTF8.self)
    }

    /// JSON text with two spaces a level, for people and golden files.
    package func prettyPrinted(indent: Int = 0) -> String {
        let inner = String(repeating: "  ", count: indent + 1)
        let outer = String(repeating: "  ", count: indent)
        switch self {
        case .array(let elements) where !elements.isEmpty:
            let lines = elements.map { inner + $0.prettyPrinted(indent: indent + 1) }
            return "[\n" + lines.joined(separator: ",\n") + "\n" + outer + "]"
        case .object(let object) where !object.isEmpty:
            let lines = object.pairs.map { member in
                inner + JSONValue.string(member.key).description + ": "
                    + member.value.prettyPrinted(indent: indent + 1)
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n" + outer + "}"
        default:
            return description
        }
    }
}
