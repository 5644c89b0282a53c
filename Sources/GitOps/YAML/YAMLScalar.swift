import Core
import Yams

/// A single value of a file, and the bytes it is written with.
struct YAMLScalar {
    let node: Node.Scalar
    let range: Range<Int>
    let line: Int

    /// Finds the bytes of a value.
    ///
    /// - Throws: `failedPrecondition` when they are not exactly what a plain or quoted value on one line is written with.
    init(_ node: Node.Scalar, in bytes: [UInt8], path: YAMLPath) throws(MartletError) {
        guard let mark = node.mark, let start = Self.offset(of: mark, in: bytes) else {
            throw YAMLEdit.impossible(path, "its place in the file is not known")
        }
        let rest = bytes[start...]
        switch rest.first {
        case UInt8(ascii: "&"), UInt8(ascii: "*"): throw YAMLEdit.impossible(path, "it has an anchor or is an alias")
        case UInt8(ascii: "!"): throw YAMLEdit.impossible(path, "it has a tag of its own")
        default: break
        }
        let count: Int?
        switch node.style {
        case .plain where node.string.isEmpty:
            throw YAMLEdit.impossible(path, "it is empty; write a value there first")
        case .plain: count = rest.starts(with: node.string.utf8) ? node.string.utf8.count : nil
        case .singleQuoted:
            let text = Self.singleQuoted(node.string)
            count = rest.starts(with: text) ? text.count : nil
        case .doubleQuoted: count = Self.doubleQuotedCount(rest)
        case .literal, .folded: throw YAMLEdit.impossible(path, "it is a block of lines")
        case .any: count = nil
        }
        guard let count else { throw YAMLEdit.impossible(path, "it is written over several lines") }
        self.node = node
        line = mark.line
        range = start..<(start + count)
    }

    /// The bytes of another value in the same style.
    static func written(_ value: String, like old: YAMLScalar, path: YAMLPath) throws(MartletError) -> [UInt8] {
        switch old.node.style {
        case .singleQuoted: return singleQuoted(value)
        case .doubleQuoted:
            var text = "\""
            for character in value.unicodeScalars {
                if character == "\"" || character == "\\" { text += "\\" }
                text.unicodeScalars.append(character)
            }
            return Array((text + "\"").utf8)
        default: return Array(value.utf8)
        }
    }

    private static func singleQuoted(_ text: String) -> [UInt8] {
        let quote = UInt8(ascii: "'")
        return [quote] + text.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
    }

    /// The length of a double-quoted text on one line, with its quotes.
    private static func doubleQuotedCount(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.first == UInt8(ascii: "\"") else { return nil }
        var isEscaped = false
        for (index, byte) in bytes.enumerated().dropFirst() {
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { return nil }
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                return index + 1
            }
        }
        return nil
    }

    /// The byte at a line and column, counted as libyaml counts them: columns in code points, and breaks of every kind.
    private static func offset(of mark: Mark, in bytes: [UInt8]) -> Int? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var (line, column, offset) = (1, 1, 0)
        var isAfterReturn = false
        for scalar in text.unicodeScalars {
            if isAfterReturn, scalar != "\n" { (line, column) = (line + 1, 1) }
            isAfterReturn = scalar == "\r"
            if line == mark.line, column == mark.column { return offset }
            offset += UTF8.width(scalar)
            switch scalar {
            case "\r": continue
            case "\n", "\u{85}", "\u{2028}", "\u{2029}": (line, column) = (line + 1, 1)
            default: column += 1
            }
        }
        return nil
    }
}
