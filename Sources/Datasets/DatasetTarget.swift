package import Core

/// The column to predict, and for a classification the names of its classes.
package struct DatasetTarget: Sendable, Equatable {
    /// The column's name.
    package let column: String
    /// The classes in the order of their numbers, from 0; empty for a regression.
    package let classes: [String]

    /// Makes a target.
    package init(column: String, classes: [String] = []) {
        self.column = column
        self.classes = classes
    }

    /// Reads `target: {column, classes}`.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package static func parse(_ fields: JSONFields) throws(MartletError) -> DatasetTarget {
        try fields.rejectUnknown(["column", "classes"])
        let classes = try fields.strings("classes")
        guard classes.isEmpty || (2...DatasetsLimits.classes).contains(classes.count) else {
            throw fields.invalid("classes", "must name 2 to \(DatasetsLimits.classes) classes")
        }
        guard Set(classes).count == classes.count else {
            throw fields.invalid("classes", "must not name a class twice")
        }
        return DatasetTarget(column: try fields.string("column"), classes: classes)
    }

    /// The section that reads back as this target.
    package var json: JSONValue {
        ["column": .string(column), "classes": .array(classes.map(JSONValue.string))]
    }
}
