import Core

/// A header or parameter of a request; the value may name secrets.
package struct HTTPSourceField: Sendable, Equatable {
    /// The name.
    package let name: String
    /// The value as declared, with `${secrets.NAME}` where a secret goes.
    package let value: SecretText

    static func parse(
        _ fields: JSONFields,
        _ key: String,
        isHeader: Bool = false
    ) throws(MartletError) -> [HTTPSourceField] {
        guard let section = try fields.optionalFields(key) else { return [] }
        guard section.object.count <= DatasetsLimits.requestFields else {
            throw fields.invalid(key, "has more than \(DatasetsLimits.requestFields) members")
        }
        var parsed: [HTTPSourceField] = []
        for (name, value) in section.object.pairs {
            let text: String
            switch value {
            case .string(let value): text = value
            case .integer(let value): text = "\(value)"
            case .bool(let value): text = "\(value)"
            default: throw section.invalid(name, "must be text, a whole number or a truth value")
            }
            if isHeader { try checkHeader(name, text, section) }
            parsed.append(
                HTTPSourceField(name: name, value: try SecretText(text, path: section.path(of: name)))
            )
        }
        return parsed
    }

    private static func checkHeader(_ name: String, _ text: String, _ section: JSONFields)
        throws(MartletError)
    {
        let isToken =
            !name.isEmpty
            && name.utf8.allSatisfy { byte in
                (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x2D || byte == 0x5F
            }
        let own = ["host", "content-length", "transfer-encoding", "connection", "accept-encoding"]
        guard isToken, !own.contains(name.lowercased()),
            !text.utf8.contains(where: { $0 < 32 || $0 == 127 })
        else {
            throw section.invalid(name, "is no header that may be set")
        }
    }
}

/// A text in which `${secrets.NAME}` stands for a secret.
package struct SecretText: Sendable, Equatable {
    /// The text as declared.
    package let written: String
    /// The secrets that it names.
    package let names: [String]

    init(_ text: String, path: String) throws(MartletError) {
        written = text
        var names: [String] = []
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            rest = rest[start.upperBound...]
            guard let end = rest.firstIndex(of: "}"), rest.hasPrefix("secrets.") else {
                throw MartletError(
                    .invalidArgument,
                    "'\(path)': '${' begins a secret and is written ${secrets.NAME}."
                )
            }
            let name = rest[..<end].dropFirst("secrets.".count)
            guard !name.isEmpty, name.utf8.count <= 128 else {
                throw MartletError(.invalidArgument, "'\(path)' names a secret without a name.")
            }
            names.append(String(name))
            rest = rest[rest.index(after: end)...]
        }
        self.names = names
    }

    /// The text with the secrets in their places.
    func filled(_ values: [String: String]) -> String {
        var text = written
        for name in names { text = text.replacing("${secrets.\(name)}", with: values[name] ?? "") }
        return text
    }
}
