package import Core

/// A declaration as YAML, the way people write it in a manifest.
package enum EntryText {
    /// The lines of an object.
    package static func yaml(of value: JSONValue) -> String {
        guard case .object(let object) = value, !object.isEmpty else { return inline(value) }
        return lines(of: object).joined(separator: "\n")
    }

    private static func lines(of object: JSONObject) -> [String] {
        object.pairs.flatMap { key, value -> [String] in
            switch value {
            case .object(let inner) where !inner.isEmpty && !isShort(inner):
                return ["\(scalar(key)):"] + lines(of: inner).map { "  " + $0 }
            case .array(let values) where values.contains { $0.objectValue.map { !isShort($0) } ?? false }:
                return ["\(scalar(key)):"] + values.flatMap(items)
            default: return ["\(scalar(key)): \(inline(value))"]
            }
        }
    }

    private static func items(_ value: JSONValue) -> [String] {
        guard case .object(let object) = value, !object.isEmpty else { return ["  - " + inline(value)] }
        return lines(of: object).enumerated().map { index, line in (index == 0 ? "  - " : "    ") + line }
    }

    /// An object with one or two plain values stands in one line.
    private static func isShort(_ object: JSONObject) -> Bool {
        object.count <= 2 && object.pairs.allSatisfy { $0.value.objectValue == nil && $0.value.arrayValue == nil }
    }

    private static func inline(_ value: JSONValue) -> String {
        switch value {
        case .object(let object):
            "{" + object.pairs.map { "\(scalar($0.key)): \(inline($0.value))" }.joined(separator: ", ") + "}"
        case .array(let values): "[" + values.map(inline).joined(separator: ", ") + "]"
        case .string(let text): scalar(Self.shortened(text))
        case .null, .bool, .integer, .number: value.description
        }
    }

    /// A duration in milliseconds in the unit that suits it: `60000ms` is `1m`.
    package static func shortened(_ text: String) -> String {
        guard text.hasSuffix("ms"), let milliseconds = Int64(text.dropLast(2)), milliseconds >= 1000 else {
            return text
        }
        let units: [(Int64, String)] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")]
        guard let fit = units.first(where: { milliseconds % $0.0 == 0 }) else { return text }
        return "\(milliseconds / fit.0)\(fit.1)"
    }

    /// A text, in quotes unless YAML takes it for the same text without.
    private static func scalar(_ text: String) -> String {
        let words: Set<String> = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        let isPlain =
            text.utf8.allSatisfy(isSimple) && text.utf8.first.map(isLetter) == true
            && !words.contains(text.lowercased())
        return isPlain || isDuration(text) ? text : JSONValue.string(text).description
    }

    private static func isDuration(_ text: String) -> Bool {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        return !digits.isEmpty && digits.count < 16
            && ["ms", "s", "m", "h", "d"].contains(text.dropFirst(digits.count))
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private static func isSimple(_ byte: UInt8) -> Bool {
        isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "/")
    }
}
