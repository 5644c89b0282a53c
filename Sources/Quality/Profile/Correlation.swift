package import Core

/// How strongly two columns go together.
package struct Correlation: Sendable, Equatable {
    /// The measures, by their names in Evidently.
    package enum Method: String, Sendable, CaseIterable {
        /// Linear, of numbers.
        case pearson
        /// Of ranks, equal values sharing the mean of theirs.
        case spearman
        /// Cramér's V of categories, without bias correction.
        case cramerV = "cramer_v"
    }

    /// The first column.
    package let first: String
    /// The second column.
    package let second: String
    /// The measure.
    package let method: Method
    /// From −1 (0 for Cramér's V) to 1; nil when a column is constant or fewer than two rows have both values.
    package let value: Double?

    /// The correlation as JSON.
    package var json: JSONValue {
        [
            "columns": [.string(first), .string(second)], "method": .string(method.rawValue),
            "value": .optional(value),
        ]
    }
}
