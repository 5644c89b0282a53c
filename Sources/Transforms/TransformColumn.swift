package import Core

/// A column that a transform reads or writes.
package struct TransformColumn: Sendable, Equatable {
    /// What the values are.
    package enum Kind: String, Sendable, CaseIterable {
        /// A finite floating-point number.
        case number
        /// A whole number, exact as far as ±2^53.
        case integer
        /// Text.
        case string
    }

    /// The name.
    package let name: String
    /// What the values are.
    package let kind: Kind

    /// Makes a column.
    package init(_ name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }

    /// The column as JSON.
    package var json: JSONValue { ["name": .string(name), "type": .string(kind.rawValue)] }

    static func parse(_ value: JSONValue, path: String) throws(MartletError) -> TransformColumn {
        let fields = try JSONFields(value, path: path)
        try fields.rejectUnknown(["name", "type"])
        return TransformColumn(
            try TransformNames.checked(try fields.string("name"), path: fields.path(of: "name")),
            try Kind.parse(try fields.string("type"), path: fields.path(of: "type"))
        )
    }
}

extension TransformColumn.Kind {
    static func parse(_ text: String, path: String) throws(MartletError) -> Self {
        if let kind = Self(rawValue: text) { return kind }
        throw MartletError(
            .invalidArgument,
            "'\(path)' must be one of number, integer, string, but is '\(text.prefix(80))'."
        )
    }
}

extension Column {
    /// What the values are, as a transform sees them.
    package var transformKind: TransformColumn.Kind {
        switch values {
        case .numbers: .number
        case .integers: .integer
        case .strings: .string
        }
    }
}

enum TransformNames {
    static func checked(_ name: String, path: String) throws(MartletError) -> String {
        guard !name.isEmpty, name.utf8.count <= TransformsLimits.nameBytes, !name.utf8.contains(0) else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' must be a column name of 1 to \(TransformsLimits.nameBytes) bytes."
            )
        }
        return name
    }
}
