import Core

/// A file as a backup keeps it: its hash, and the objects that it is made of.
package struct StoredFile: Sendable, Equatable {
    /// Bytes.
    package let size: Int64
    /// SHA-256 of the whole, 64 lower-case hexadecimal digits.
    package let sha256: String
    /// SHA-256 of the objects, in order; all but the last have `BackupsLimits.chunkBytes`.
    package let chunks: [String]

    /// A file of these objects.
    package init(size: Int64, sha256: String, chunks: [String]) {
        self.size = size
        self.sha256 = sha256
        self.chunks = chunks
    }

    /// The members of a JSON object; a file of one object is named by that.
    var members: JSONObject {
        var object: JSONObject = ["size": .integer(size), "sha256": .string(sha256)]
        if chunks != [sha256] { object["chunks"] = .array(chunks.map(JSONValue.string)) }
        return object
    }

    /// Reads the members.
    ///
    /// - Throws: `invalidArgument` naming the field.
    init(_ fields: JSONFields) throws(MartletError) {
        size = try fields.int("size", in: 0 ... .max)
        sha256 = try Self.hash(fields, "sha256")
        chunks = try fields.optionalArray("chunks") == nil ? [sha256] : try fields.strings("chunks")
        let most = Int64(BackupsLimits.chunkBytes)
        let expected = size == 0 && chunks.isEmpty ? 0 : max(1, size / most + (size % most == 0 ? 0 : 1))
        guard chunks.allSatisfy(Self.isHash), Int64(chunks.count) == expected else {
            throw fields.invalid("chunks", "must be the hashes of as many objects as the size needs")
        }
    }

    private static func hash(_ fields: JSONFields, _ key: String) throws(MartletError) -> String {
        let text = try fields.string(key)
        guard isHash(text) else { throw fields.invalid(key, "must be a SHA-256") }
        return text
    }

    /// Whether a text is a SHA-256 in lower-case hexadecimal digits.
    static func isHash(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}
