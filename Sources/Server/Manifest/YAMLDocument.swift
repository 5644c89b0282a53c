package import Core
import Yams

/// Reads YAML into the same values that JSON gives, bounded before and while it is expanded.
package enum YAMLDocument {
    /// Most nodes after aliases are expanded.
    package static let maximumNodes = 100_000
    /// Deepest nesting.
    package static let maximumDepth = CoreLimits.jsonDepth
    /// Longest document in bytes.
    package static let maximumBytes = ServerLimits.manifestBytes

    /// Most documents of one text.
    package static let maximumDocuments = ServerLimits.manifestDocuments

    /// Parses one document; an empty one is null.
    ///
    /// - Throws: `invalidArgument` naming the line where the parser knows it.
    package static func parse(_ text: String) throws(MartletError) -> JSONValue {
        try documents(text, most: 1).first ?? .null
    }

    /// Parses every document of a text; those are left out that have nothing in them.
    ///
    /// - Parameter text: the documents, divided by lines of `---`.
    /// - Returns: the documents in order, each with its position among all of the text.
    /// - Throws: `invalidArgument` naming the line where the parser knows it.
    package static func documents(_ text: String) throws(MartletError) -> [(position: Int, value: JSONValue)] {
        var found: [(position: Int, value: JSONValue)] = []
        for (position, value) in try documents(text, most: maximumDocuments).enumerated() where value != .null {
            found.append((position, value))
        }
        return found
    }

    private static func documents(_ text: String, most: Int) throws(MartletError) -> [JSONValue] {
        guard text.utf8.count <= maximumBytes else {
            throw MartletError(.payloadTooLarge, "The YAML document is larger than \(maximumBytes) bytes.")
        }
        try checkNesting(text)
        var remaining = maximumNodes
        var documents: [JSONValue] = []
        for node in try nodes(text, most: most) {
            documents.append(try value(of: node, depth: maximumDepth, remaining: &remaining))
        }
        return documents
    }

    private static func nodes(_ text: String, most: Int) throws(MartletError) -> [Node] {
        var nodes: [Node] = []
        do {
            if most == 1 { return try Yams.compose(yaml: text).map { [$0] } ?? [] }
            var documents = try Yams.compose_all(yaml: text)
            while nodes.count <= most, let node = documents.next() { nodes.append(node) }
            if let error = documents.error { throw error }
        } catch let error as YamlError {
            throw MartletError(.invalidArgument, "The YAML document is malformed: \(summary(of: error)).", cause: error)
        } catch {
            throw MartletError(.invalidArgument, "The YAML document is malformed.", cause: error)
        }
        guard nodes.count <= most else {
            throw MartletError(.invalidArgument, "The YAML text has more than \(most) documents.")
        }
        return nodes
    }

    /// Refuses nesting that would exhaust the parser's stack: open brackets, indentation and compact sequences.
    private static func checkNesting(_ text: String) throws(MartletError) {
        var open = 0
        var marks = 0
        var isLeading = true
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "["), UInt8(ascii: "{"): open += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): open = max(0, open - 1)
            case UInt8(ascii: "\n"):
                marks = 0
                isLeading = true
                continue
            default: break
            }
            let isMark = byte == UInt8(ascii: "-") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: ":")
            if isLeading, isMark { marks += 1 }
            if !isMark, byte != UInt8(ascii: " ") { isLeading = false }
            guard open <= maximumDepth, marks <= maximumDepth else {
                throw MartletError(
                    .invalidArgument,
                    "The YAML document is nested more than \(maximumDepth) levels deep."
                )
            }
        }
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"))
        let deepest = lines.map { line in line.prefix { $0 == UInt8(ascii: " ") }.count }.max() ?? 0
        guard deepest <= maximumDepth * 8 else {
            throw MartletError(.invalidArgument, "The YAML document is indented more than \(maximumDepth * 8) columns.")
        }
    }

    private static func summary(of error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "\(problem) at line \(mark.line), column \(mark.column)"
        case .duplicatedKeysInMapping(let duplicates, let context):
            "the key '\(duplicates.joined(separator: ", "))' appears twice in the mapping at line \(context.mark.line)"
        default: "it cannot be read"
        }
    }

    private static func value(of node: Node, depth: Int, remaining: inout Int) throws(MartletError) -> JSONValue {
        remaining -= 1
        guard remaining > 0 else {
            throw MartletError(.invalidArgument, "The YAML document expands to more than \(maximumNodes) nodes.")
        }
        guard depth > 0 else {
            throw MartletError(.invalidArgument, "The YAML document is nested more than \(maximumDepth) levels deep.")
        }
        switch node {
        case .scalar(let scalar): return self.scalar(scalar, node)
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            for element in sequence {
                elements.append(try value(of: element, depth: depth - 1, remaining: &remaining))
            }
            return .array(elements)
        case .mapping(let mapping):
            var object = JSONObject()
            for (key, member) in mapping {
                guard case .scalar(let name) = key else {
                    throw MartletError(.invalidArgument, "A key of the YAML document is not text.")
                }
                object[name.string] = try value(of: member, depth: depth - 1, remaining: &remaining)
            }
            return .object(object)
        case .alias:
            throw MartletError(.invalidArgument, "The YAML document refers to an anchor that is not there.")
        }
    }

    private static func scalar(_ scalar: Node.Scalar, _ node: Node) -> JSONValue {
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        switch node.tag.rawValue {
        case "tag:yaml.org,2002:null": return .null
        // As in YAML 1.2: `no`, `off` and `y` are words, not truth values.
        case "tag:yaml.org,2002:bool" where ["true", "false"].contains(scalar.string.lowercased()):
            return node.bool.map(JSONValue.bool) ?? .string(scalar.string)
        case "tag:yaml.org,2002:int": return node.int.map { .int($0) } ?? .string(scalar.string)
        case "tag:yaml.org,2002:float": return node.float.map(JSONValue.number) ?? .string(scalar.string)
        default: return .string(scalar.string)
        }
    }
}

extension Tag {
    fileprivate var rawValue: String {
        description
    }
}
