import Core

/// An element of an XML answer: its name without a prefix, its text and the elements inside.
struct S3Answer {
    let name: String
    var text = ""
    var children: [S3Answer] = []

    /// The first child with this name.
    func child(_ name: String) -> S3Answer? {
        children.first { $0.name == name }
    }

    /// The text of the first child with this name.
    func text(_ name: String) -> String? {
        child(name)?.text
    }

    /// Every child with this name.
    func all(_ name: String) -> [S3Answer] {
        children.filter { $0.name == name }
    }

    /// Reads the small part of XML that S3 speaks: elements, attributes (skipped), text, entities, comments.
    ///
    /// A document type is refused, so no entity can name a file or grow.
    ///
    /// - Throws: `dataLoss` when the bytes are cut or no such XML.
    static func parse(_ bytes: [UInt8]) throws(MartletError) -> S3Answer {
        var parser = S3AnswerParser(bytes: bytes)
        return try parser.document()
    }
}

/// The state of reading an answer.
private struct S3AnswerParser {
    let bytes: [UInt8]
    var position = 0

    mutating func document() throws(MartletError) -> S3Answer {
        var open: [S3Answer] = []
        while position < bytes.count {
            if bytes[position] != UInt8(ascii: "<") {
                let text = try text()
                if !open.isEmpty { open[open.count - 1].text += text }
                continue
            }
            if skip("<?", "?>") || skip("<!--", "-->") { continue }
            guard !starts("<!") else { throw Self.broken }
            if starts("</") {
                let name = try tag()
                guard var closed = open.popLast(), name.dropFirst() == closed.name[...] else { throw Self.broken }
                if !closed.children.isEmpty { closed.text = "" }
                if open.isEmpty { return closed }
                open[open.count - 1].children.append(closed)
                continue
            }
            let name = try tag()
            guard open.count < S3Limits.answerDepth else { throw Self.broken }
            guard name.hasSuffix("/") else {
                open.append(S3Answer(name: name))
                continue
            }
            let empty = S3Answer(name: String(name.dropLast()))
            if open.isEmpty { return empty }
            open[open.count - 1].children.append(empty)
        }
        throw Self.broken
    }

    /// The name inside `<…>`, with `/` before it at an end and after it when the element is empty.
    private mutating func tag() throws(MartletError) -> String {
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: ">")) else { throw Self.broken }
        let inside = bytes[(position + 1)..<end]
        position = end + 1
        let isEnd = inside.first == UInt8(ascii: "/")
        let isEmpty = inside.last == UInt8(ascii: "/")
        let name = inside.dropFirst(isEnd ? 1 : 0).prefix { $0 > 0x20 && $0 != UInt8(ascii: "/") }
        let local = name.split(separator: UInt8(ascii: ":")).last ?? name
        guard !local.isEmpty else { throw Self.broken }
        return (isEnd ? "/" : "") + String(decoding: local, as: UTF8.self) + (isEmpty ? "/" : "")
    }

    private mutating func text() throws(MartletError) -> String {
        var text: [UInt8] = []
        while position < bytes.count, bytes[position] != UInt8(ascii: "<") {
            guard bytes[position] == UInt8(ascii: "&") else {
                text.append(bytes[position])
                position += 1
                continue
            }
            guard let end = bytes[position...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else { throw Self.broken }
            let entity = String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
            guard let character = Self.character(entity) else { throw Self.broken }
            text.append(contentsOf: Array(String(character).utf8))
            position = end + 1
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func character(_ entity: String) -> Unicode.Scalar? {
        switch entity {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard entity.hasPrefix("#") else { return nil }
            let digits = entity.dropFirst()
            let number = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            return number.flatMap(Unicode.Scalar.init)
        }
    }

    private func starts(_ prefix: String) -> Bool {
        bytes[position...].starts(with: prefix.utf8)
    }

    private mutating func skip(_ opening: String, _ closing: String) -> Bool {
        guard starts(opening) else { return false }
        let end = Array(closing.utf8)
        var index = position + opening.utf8.count
        while index + end.count <= bytes.count {
            if bytes[index..<(index + end.count)].elementsEqual(end) {
                position = index + end.count
                return true
            }
            index += 1
        }
        // Unclosed: the rest is skipped, and the document ends without its root.
        position = bytes.count
        return true
    }

    private static var broken: MartletError {
        MartletError(.dataLoss, "The object store answered with XML that is cut or broken.")
    }
}
