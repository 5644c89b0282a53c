package import Core

/// One column of a dataset: its name in the file and what its values are.
package struct DatasetColumn: Sendable, Equatable {
    /// What the values of a column are once they are clean.
    package enum Kind: String, Sendable, CaseIterable {
        /// A finite 64-bit floating-point number.
        case number
        /// A 64-bit whole number.
        case integer
        /// Text.
        case string
    }

    /// The name, as in the file's header or the manifest.
    package let name: String
    /// What the clean values are.
    package let kind: Kind

    /// Makes a column.
    package init(name: String, kind: Kind = .number) {
        self.name = name
        self.kind = kind
    }

    /// Reads an element of `columns`: a name (a number column) or `{name, type}`.
    ///
    /// - Throws: `invalidArgument` naming the element.
    package static func parse(_ value: JSONValue, path: String) throws(MartletError) -> DatasetColumn {
        if let name = value.stringValue {
            return DatasetColumn(name: try checkedName(name, path: path))
        }
        guard value.objectValue != nil else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' must be a column name or {name, type}, but is \(value.kind)."
            )
        }
        let fields = try JSONFields(value, path: path)
        try fields.rejectUnknown(["name", "type"])
        let name = try checkedName(try fields.string("name"), path: fields.path(of: "name"))
        let type = try fields.optionalString("type") ?? Kind.number.rawValue
        guard let kind = Kind(rawValue: type) else {
            throw fields.invalid("type", "must be one of number, integer, string")
        }
        return DatasetColumn(name: name, kind: kind)
    }

    /// The element of `columns` that reads back as this column.
    package var json: JSONValue {
        ["name": .string(name), "type": .string(kind.rawValue)]
    }

    static func checkedName(_ name: String, path: String) throws(MartletError) -> String {
        guard !name.isEmpty, name.utf8.count <= DatasetsLimits.columnNameBytes, !name.utf8.contains(0)
        else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' must be a column name of 1 to \(DatasetsLimits.columnNameBytes) bytes."
            )
        }
        return name
    }
}
