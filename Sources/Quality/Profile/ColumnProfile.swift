/// What the values of a column are.
package enum QualityType: String, Sendable, CaseIterable {
    /// Numbers, whole or not.
    case number
    /// Text.
    case text
    /// Nothing but missing values.
    case empty
}

/// What one column holds.
package struct ColumnProfile: Sendable, Equatable {
    /// The column's name.
    package let name: String
    /// What its values are.
    package let type: QualityType
    /// How many rows there are.
    package let rows: Int
    /// How many values are missing: nulls and NaN.
    package let missing: Int
    /// How many of the missing values are NaN in a column of floating-point numbers.
    package let nan: Int
    /// How many values are +∞.
    package let positiveInfinities: Int
    /// How many values are −∞.
    package let negativeInfinities: Int
    /// How many different values there are, infinities included and missing ones not.
    package let distinct: Int
    /// The most frequent values, most frequent first; at most `QualityLimits.listedValues`.
    package let common: [ValueCount]
    /// The figures of the finite numbers; nil for text and when there are none.
    package let numbers: NumberSummary?
    /// The figures of the texts; nil for numbers and when there are none.
    package let texts: TextSummary?

    /// From this share of the rows on, one value makes a column almost constant.
    package static let almostConstantShare = 0.95

    /// How many values there are.
    package var present: Int { rows - missing }
    /// How many values are infinite.
    package var infinities: Int { positiveInfinities + negativeInfinities }
    /// The share of missing values; nil without rows.
    package var missingShare: Double? { rows > 0 ? Double(missing) / Double(rows) : nil }
    /// The different values as a share of those that are there; nil without values.
    package var distinctShare: Double? { present > 0 ? Double(distinct) / Double(present) : nil }
    /// The rows with the most frequent value as a share of all rows; nil without values.
    package var mostCommonShare: Double? { common.first.map { Double($0.count) / Double(rows) } }
    /// Whether no value is there.
    package var isEmpty: Bool { missing == rows }
    /// Whether there is at most one value.
    package var isConstant: Bool { distinct <= 1 }
    /// Whether one value stands in at least 95 % of the rows.
    package var isAlmostConstant: Bool { (mostCommonShare ?? 0) >= Self.almostConstantShare }
}
