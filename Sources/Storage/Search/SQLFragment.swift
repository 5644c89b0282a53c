package import Core

/// A piece of SQL with the values for its placeholders.
package struct SQLFragment: Sendable, Equatable {
    /// The SQL, with `?` for every value.
    package var sql: String
    /// The values, in order.
    package var arguments: [SQLValue]

    /// Makes a fragment.
    package init(_ sql: String, _ arguments: [SQLValue] = []) {
        self.sql = sql
        self.arguments = arguments
    }

    /// The conditions joined by AND; always true if there are none.
    package static func all(_ conditions: [SQLFragment]) -> SQLFragment {
        guard !conditions.isEmpty else { return SQLFragment("1 = 1") }
        return SQLFragment(conditions.map(\.sql).joined(separator: " AND "), conditions.flatMap(\.arguments))
    }

    /// `expression IN (?, …)`; always false for no values.
    package static func isIn(_ expression: String, _ values: [SQLValue]) -> SQLFragment {
        guard !values.isEmpty else { return SQLFragment("1 = 0") }
        return SQLFragment("\(expression) IN (\(placeholders(values.count)))", values)
    }

    /// `expression IN (?, …)` for any number of values, in pieces of few sizes: few statements serve every number.
    ///
    /// The last value is repeated to fill a piece.
    package static func isInChunks(_ expression: String, _ values: [SQLValue]) -> [SQLFragment] {
        var chunks: [SQLFragment] = []
        var rest = values[...]
        while let last = rest.last {
            let size = chunkSizes.first { $0 >= rest.count } ?? chunkSizes[chunkSizes.count - 1]
            let part = rest.prefix(size)
            rest = rest.dropFirst(part.count)
            chunks.append(isIn(expression, part + Array(repeating: last, count: size - part.count)))
        }
        return chunks
    }

    private static let chunkSizes = [1, 10, 100, 500]

    /// `?, ?, ?` for so many values.
    package static func placeholders(_ count: Int) -> String {
        Array(repeating: "?", count: count).joined(separator: ", ")
    }
}

extension SearchComparison {
    /// The comparison as a condition on a text expression.
    ///
    /// - Throws: `invalidArgument` if the operator or the value is not one for text; `name` is what the user wrote.
    package func condition(onText expression: String, named name: String) throws(MartletError) -> SQLFragment {
        switch (operation, value) {
        case (.equal, .text(let text)): return SQLFragment("\(expression) = ?", [.text(text)])
        case (.notEqual, .text(let text)): return SQLFragment("\(expression) <> ?", [.text(text)])
        case (.like, .text(let text)): return SQLFragment("\(expression) LIKE ?", [.text(text)])
        case (.ilike, .text(let text)): return SQLFragment("LOWER(\(expression)) LIKE LOWER(?)", [.text(text)])
        case (.isIn, .texts(let texts)): return .isIn(expression, texts.map(SQLValue.text))
        case (.isNotIn, .texts(let texts)):
            let list = SQLFragment.isIn(expression, texts.map(SQLValue.text))
            return SQLFragment("NOT (\(list.sql))", list.arguments)
        case (.isNull, _): return SQLFragment("\(expression) IS NULL")
        case (.isNotNull, _): return SQLFragment("\(expression) IS NOT NULL")
        case (_, .number(let text)):
            throw MartletError(
                .invalidArgument,
                "Expected a quoted string value for \(name) (e.g. '\(text)'), but got the number \(text)."
            )
        default: throw invalidOperator(for: name)
        }
    }

    /// The comparison as a condition on a numeric expression.
    ///
    /// - Throws: `invalidArgument` if the operator or the value is not one for numbers; `name` is what the user wrote.
    package func condition(onNumber expression: String, named name: String) throws(MartletError) -> SQLFragment {
        let comparator: String
        switch operation {
        case .equal: comparator = "="
        case .notEqual: comparator = "<>"
        case .less, .lessOrEqual, .greater, .greaterOrEqual: comparator = operation.rawValue
        default: throw invalidOperator(for: name)
        }
        guard case .number(let text) = value else {
            throw MartletError(
                .invalidArgument,
                "Expected numeric value type for \(name). Found a quoted string; write the number without quotes."
            )
        }
        if let whole = Int64(text) { return SQLFragment("\(expression) \(comparator) ?", [.integer(whole)]) }
        guard let number = Double(text), number.isFinite else {
            throw MartletError(.invalidArgument, "The number \(text) for \(name) is out of range.")
        }
        return SQLFragment("\(expression) \(comparator) ?", [.real(number)])
    }

    /// The error for an operator that a field does not support.
    package func invalidOperator(for name: String) -> MartletError {
        MartletError(.invalidArgument, "Invalid comparator '\(operation.rawValue)' for \(name).")
    }
}
