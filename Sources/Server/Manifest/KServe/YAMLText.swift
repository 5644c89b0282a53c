package import Core

/// Writes JSON values as YAML for people, in block style.
package enum YAMLText {
    /// The text of a value, ending with a line break.
    package static func write(_ value: JSONValue) -> String {
        var text = ""
        write(value, indent: "", into: &text)
        return text
    }

    private static func write(_ value: JSONValue, indent: String, into text: inout String) {
        guard let object = value.objectValue, !object.isEmpty else {
            text += "\(indent)\(plain(value))\n"
            return
        }
        for (key, member) in object.pairs {
            if let nested = member.objectValue, !nested.isEmpty {
                text += "\(indent)\(scalar(key)):\n"
                write(member, indent: indent + "  ", into: &text)
            } else {
                text += "\(indent)\(scalar(key)): \(plain(member))\n"
            }
        }
    }

    /// A value on one line.
    private static func plain(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): scalar(text)
        case .array(let elements): "[\(elements.map(plain).joined(separator: ", "))]"
        case .object(let object):
            "{\(object.pairs.map { "\(scalar($0.key)): \(plain($0.value))" }.joined(separator: ", "))}"
        default: value.description
        }
    }

    /// Plain where YAML reads it as the same text, quoted as JSON otherwise.
    private static func scalar(_ text: String) -> String {
        let isPlain =
            text.first.map { $0.isASCII && $0.isLetter } ?? false
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-./@".contains($0)) }
            && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
        return isPlain || isDuration(text) ? text : JSONValue.string(text).description
    }

    private static func isDuration(_ text: String) -> Bool {
        Duration(writtenAs: text) != nil && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
    }
}
