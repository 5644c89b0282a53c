package import Core

/// What one check found.
package struct CheckResult: Sendable, Equatable {
    /// The rule: `schema`, `rows`, `nulls`, `duplicates`, `range` or `class_balance`.
    package let name: String
    /// The column, for rules about one.
    package let column: String?
    /// Whether the rows meet the rule.
    package let passed: Bool
    /// The number that was compared: offending cells or rows, the number of rows, or the share of the rarest class.
    package let observed: Double
    /// What was asked for, in words: `at most 0`.
    package let expected: String
    /// One sentence that says what was found.
    package let message: String
    /// The first offending rows.
    package let rows: [Int64]

    /// The result as the API shows it.
    package var json: JSONValue {
        [
            "check": .string(name), "column": .optional(column), "passed": .bool(passed),
            "observed": .number(observed),
            "expected": .string(expected), "message": .string(message),
            "rows": .array(rows.map(JSONValue.integer)),
        ]
    }
}
