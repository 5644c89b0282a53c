package import Core

/// JSON values as YAML in block style: the same value always gives the same text, and every parser reads it alike.
///
/// A text stands plain only when no version of YAML takes it for something else; texts of several lines stand as blocks
/// where they keep every character.
package enum YAMLText {
    /// Writes a document, with a line feed at its end.
    package static func write(_ value: JSONValue) -> String {
        var text = ""
        write(value, indent: 0, into: &text)
        return text
    }

    private static func write(_ value: JSONValue, indent: Int, into text: inout String) {
        let margin = String(repeating: " ", count: indent)
        switch value {
        case .object(let object) where object.count > 0:
            for (key, member) in object.pairs {
                text += "\(margin)\(scalar(key)):"
                writeMember(member, indent: indent + 2, into: &text)
            }
        case .array(let elements) where !elements.isEmpty:
            for element in elements {
                var inner = ""
                switch element {
                case .object(let object) where object.count > 0: write(element, indent: indent + 2, into: &inner)
                case .array(let nested) where !nested.isEmpty: write(element, indent: indent + 2, into: &inner)
                default:
                    text += "\(margin)-"
                    writeMember(element, indent: indent + 2, into: &text)
                    continue
                }
                text += "\(margin)- \(inner.dropFirst(indent + 2))"
            }
        default: text += "\(margin)\(flat(value))\n"
        }
    }

    private static func writeMember(_ value: JSONValue, indent: Int, into text: inout String) {
        switch value {
        case .object(let object) where object.count > 0:
            text += "\n"
            write(value, indent: indent, into: &text)
        case .array(let elements) where !elements.isEmpty:
            text += "\n"
            write(value, indent: indent - 2, into: &text)
        case .string(let string) where isBlock(string):
            let margin = String(repeating: " ", count: indent)
            text += string.hasSuffix("\n") ? " |\n" : " |-\n"
            var lines = string.split(separator: "\n", omittingEmptySubsequences: false)
            if string.hasSuffix("\n") { lines.removeLast() }
            for line in lines { text += line.isEmpty ? "\n" : "\(margin)\(line)\n" }
        default: text += " \(flat(value))\n"
        }
    }

    private static func flat(_ value: JSONValue) -> String {
        switch value {
        case .string(let string): scalar(string)
        case .object: "{}"
        case .array: "[]"
        default: value.description
        }
    }

    /// Whether a text of several lines keeps every character as a block.
    private static func isBlock(_ text: String) -> Bool {
        guard text.contains("\n"), let first = text.first, first != " ", first != "\n", first != "\t" else {
            return false
        }
        guard !text.hasSuffix("\n\n"), text.unicodeScalars.allSatisfy({ $0 == "\n" || isPrintable($0) }) else {
            return false
        }
        return !text.split(separator: "\n").contains { $0.hasSuffix(" ") || $0.hasPrefix("\t") }
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }

    private static let reserved: Set<String> = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "none"]

    /// A text of one line, plain where that is safe.
    private static func scalar(_ text: String) -> String {
        let isPlain =
            text.utf8.first.map { isLetter($0) || $0 == UInt8(ascii: "/") } ?? false
            && text.utf8.last.map { $0 != UInt8(ascii: " ") } ?? false
            && text.utf8.allSatisfy { byte in
                isLetter(byte) || (0x30...0x39).contains(byte) || " _./-+@=".utf8.contains(byte)
            }
        if isPlain, !reserved.contains(text.lowercased()) { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\r": quoted += "\\r"
            default:
                if isPrintable(scalar) {
                    quoted.unicodeScalars.append(scalar)
                } else {
                    let digits = String(scalar.value, radix: 16)
                    quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
                }
            }
        }
        return quoted + "\""
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
