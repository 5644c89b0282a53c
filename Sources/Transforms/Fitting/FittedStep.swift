package import Core

/// One step of a fitted transform: one column, with everything it needs.
package enum FittedStep: Sendable, Equatable {
    /// These columns remain, in this order.
    case keep([String])
    /// A column gets another name.
    case rename(from: String, to: String)
    /// A column becomes another type.
    case cast(column: String, kind: TransformColumn.Kind)
    /// Missing values become this one.
    case fill(column: String, value: TransformValue)
    /// The column gives way to one of zeros and ones for each category.
    case oneHot(column: String, categories: [TransformValue], unseen: TransformStep.Unseen)
    /// Categories become numbers; what is in none becomes `other`, or is missing when that is nil.
    case encode(column: String, categories: [Category], other: Double?, unseen: TransformStep.Unseen)
    /// (value − centre) ÷ divisor.
    case scale(column: String, centre: Double, divisor: Double)
    /// A column is computed.
    case derive(name: String, expression: Expression)

    /// One category and the number that stands for it.
    package struct Category: Sendable, Equatable {
        /// The category.
        package let value: TransformValue
        /// The number.
        package let code: Double
    }

    /// The name of a one-hot column.
    static func name(_ column: String, _ category: TransformValue) -> String {
        switch category {
        case .missing: column
        case .number(let number): "\(column)_\(TransformValue.text(of: number))"
        case .text(let text): "\(column)_\(text)"
        }
    }
}

extension FittedStep {
    /// The step as JSON.
    package var json: JSONValue {
        switch self {
        case .keep(let names): ["step": "keep", "columns": .array(names.map(JSONValue.string))]
        case .rename(let from, let to): ["step": "rename", "column": .string(from), "to": .string(to)]
        case .cast(let column, let kind): ["step": "cast", "column": .string(column), "type": .string(kind.rawValue)]
        case .fill(let column, let value): ["step": "fill", "column": .string(column), "value": value.json]
        case .oneHot(let column, let categories, let unseen):
            [
                "step": "one_hot", "column": .string(column), "categories": .array(categories.map(\.json)),
                "unseen": .string(unseen.rawValue),
            ]
        case .encode(let column, let categories, let other, let unseen):
            [
                "step": "encode", "column": .string(column), "categories": .array(categories.map(\.value.json)),
                "codes": .array(categories.map { .number($0.code) }), "other": .optional(other),
                "unseen": .string(unseen.rawValue),
            ]
        case .scale(let column, let centre, let divisor):
            ["step": "scale", "column": .string(column), "centre": .number(centre), "divisor": .number(divisor)]
        case .derive(let name, let expression):
            [
                "step": "derive", "column": .string(name), "expression": .string(expression.text),
                "program": expression.program,
            ]
        }
    }

    static func parse(_ fields: JSONFields) throws(MartletError) -> FittedStep {
        let step = try fields.string("step")
        if step == "keep" { return .keep(try fields.strings("columns")) }
        let column = try TransformNames.checked(try fields.string("column"), path: fields.path(of: "column"))
        switch step {
        case "rename":
            return .rename(
                from: column,
                to: try TransformNames.checked(try fields.string("to"), path: fields.path(of: "to"))
            )
        case "cast":
            let kind = try TransformColumn.Kind.parse(try fields.string("type"), path: fields.path(of: "type"))
            return .cast(column: column, kind: kind)
        case "fill":
            let value = try TransformValue.parse(fields.value("value") ?? .null, path: fields.path(of: "value"))
            return .fill(column: column, value: value)
        case "one_hot":
            return .oneHot(column: column, categories: try categories(fields), unseen: try unseen(fields))
        case "encode": return try encode(fields, column)
        case "scale":
            let divisor = try fields.double("divisor", in: -1e308...1e308)
            guard divisor != 0 else { throw fields.invalid("divisor", "must not be 0") }
            return .scale(column: column, centre: try fields.double("centre", in: -1e308...1e308), divisor: divisor)
        case "derive":
            let text = try fields.string("expression")
            return .derive(name: column, expression: try Expression.parse(text, path: fields.path(of: "expression")))
        default: throw fields.invalid("step", "is no step of a fitted transform")
        }
    }

    private static func encode(_ fields: JSONFields, _ column: String) throws(MartletError) -> FittedStep {
        let values = try categories(fields)
        let codes = try fields.array("codes")
        guard codes.count == values.count else { throw fields.invalid("codes", "must be as many as the categories") }
        var categories: [Category] = []
        for (value, code) in zip(values, codes) {
            guard let number = code.doubleValue, number.isFinite else {
                throw fields.invalid("codes", "must be numbers")
            }
            categories.append(Category(value: value, code: number))
        }
        let other = try fields.optionalDouble("other", in: -1e308...1e308)
        return .encode(column: column, categories: categories, other: other, unseen: try unseen(fields))
    }

    private static func unseen(_ fields: JSONFields) throws(MartletError) -> TransformStep.Unseen {
        if let unseen = TransformStep.Unseen(rawValue: try fields.string("unseen")) { return unseen }
        throw fields.invalid("unseen", "must be ignore or error")
    }

    private static func categories(_ fields: JSONFields) throws(MartletError) -> [TransformValue] {
        let elements = try fields.array("categories")
        guard elements.count <= TransformsLimits.categories else {
            throw fields.invalid("categories", "must be at most \(TransformsLimits.categories)")
        }
        var categories: [TransformValue] = []
        for (position, element) in elements.enumerated() {
            categories.append(
                try TransformValue.parse(element, path: "\(fields.path(of: "categories"))[\(position)]")
            )
        }
        guard Set(categories).count == categories.count else {
            throw fields.invalid("categories", "must not have a value twice")
        }
        return categories
    }
}
