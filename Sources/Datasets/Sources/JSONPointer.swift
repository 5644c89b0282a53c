package import Core

/// A place in a JSON document (RFC 6901): `/data/items`, empty for the whole.
package struct JSONPointer: Sendable, Equatable {
    /// The pointer as written.
    package let text: String
    private let parts: [String]

    /// Reads a pointer.
    ///
    /// - Throws: `invalidArgument` naming `path`.
    package init(_ text: String, path: String) throws(MartletError) {
        guard text.isEmpty || text.hasPrefix("/"), text.utf8.count <= 1024 else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' must be a JSON pointer such as /data/items, or empty."
            )
        }
        self.text = text
        var parts: [String] = []
        for part in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) where !text.isEmpty {
            parts.append(String(part).replacing("~1", with: "/").replacing("~0", with: "~"))
        }
        self.parts = parts
    }

    /// What lies there; nil when nothing does.
    package func value(in document: JSONValue) -> JSONValue? {
        var value = document
        for part in parts {
            switch value {
            case .object(let object):
                guard let member = object[part] else { return nil }
                value = member
            case .array(let elements):
                guard let index = Int(part), elements.indices.contains(index) else { return nil }
                value = elements[index]
            default: return nil
            }
        }
        return value
    }
}
