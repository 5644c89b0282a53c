/// One comparison of a filter, such as `metrics.loss < 0.5`.
package struct SearchComparison: Sendable, Equatable {
    /// How the two sides compare.
    package enum Operator: String, Sendable {
        case equal = "="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case like = "LIKE"
        case ilike = "ILIKE"
        case rlike = "RLIKE"
        case isIn = "IN"
        case isNotIn = "NOT IN"
        case isNull = "IS NULL"
        case isNotNull = "IS NOT NULL"
    }

    /// The right-hand side.
    package enum Value: Sendable, Equatable {
        /// A number as written.
        case number(String)
        /// Quoted text.
        case text(String)
        /// Quoted texts in parentheses.
        case texts([String])
        /// Nothing, for IS NULL.
        case none
    }

    /// The left-hand side.
    package let field: SearchField
    /// How they compare.
    package let operation: Operator
    /// The right-hand side.
    package let value: Value

    /// Makes a comparison.
    package init(field: SearchField, operation: Operator, value: Value) {
        self.field = field
        self.operation = operation
        self.value = value
    }
}

/// What a comparison or an ordering names, such as `metrics.loss` (entity `metrics`, key `loss`) or `start_time`.
package struct SearchField: Sendable, Equatable {
    /// The word before the first dot; nil if there is none.
    package let entity: String?
    /// The rest, without quotes.
    package let key: String

    /// Makes a field.
    package init(entity: String?, key: String) {
        self.entity = entity
        self.key = key
    }
}
