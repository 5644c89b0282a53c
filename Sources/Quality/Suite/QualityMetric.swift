package import Core

/// One figure of a table or a column that a test can be about.
package struct QualityMetric: Sendable, Hashable {
    /// The figures: Evidently's by Evidently's names, then those that Evidently does not have.
    package enum Name: String, Sendable, CaseIterable {
        case rowCount = "RowCount"
        case columnCount = "ColumnCount"
        case duplicatedRows = "DuplicatedRowCount"
        case duplicatedColumns = "DuplicatedColumnsCount"
        case constantColumns = "ConstantColumnsCount"
        case almostConstantColumns = "AlmostConstantColumnsCount"
        case emptyRows = "EmptyRowsCount"
        case emptyColumns = "EmptyColumnsCount"
        case datasetMissing = "DatasetMissingValueCount"
        case missing = "MissingValueCount"
        case minimum = "MinValue"
        case maximum = "MaxValue"
        case mean = "MeanValue"
        case deviation = "StdValue"
        case median = "MedianValue"
        case quantile = "QuantileValue"
        case sum = "SumValue"
        case inRange = "InRangeValueCount"
        case outRange = "OutRangeValueCount"
        case inList = "InListValueCount"
        case outList = "OutListValueCount"
        case categories = "CategoryCount"
        case unique = "UniqueValueCount"
        /// The type of a column's values: `number`, `text` or `empty`.
        case type = "ColumnType"
        /// Infinite values, of a column or of all.
        case infinite = "InfiniteValueCount"
        /// How many different values a column has, and as a share of its values.
        case distinct = "DistinctValueCount"
        /// How many rows have a column's most frequent value, and as a share of all rows.
        case mostCommon = "MostCommonValueCount"
        /// Characters of a column's shortest text.
        case minimumLength = "MinTextLength"
        /// Characters of a column's longest text.
        case maximumLength = "MaxTextLength"
        /// Mean number of characters of a column's texts.
        case meanLength = "MeanTextLength"
        /// The correlation of a column with another.
        case correlation = "ColumnCorrelation"
    }

    /// Which figure.
    package let name: Name
    /// The column, for figures of one.
    package let column: String?
    /// The other column of a correlation.
    package let other: String?
    /// The measure of a correlation; nil lets the types decide.
    package let method: Correlation.Method?
    /// The share of a quantile.
    package let quantile: Double?
    /// The bounds of a range, both included.
    package let range: ClosedRange<Double>?
    /// The values of a list.
    package let values: [QualityLabel]

    /// Makes a metric.
    package init(
        _ name: Name,
        column: String? = nil,
        other: String? = nil,
        method: Correlation.Method? = nil,
        quantile: Double? = nil,
        range: ClosedRange<Double>? = nil,
        values: [QualityLabel] = []
    ) {
        self.name = name
        self.column = column
        self.other = other
        self.method = method
        self.quantile = quantile
        self.range = range
        self.values = values
    }

    /// The title in a test's name, worded as Evidently words it.
    package var title: String {
        let column = column ?? ""
        return switch name {
        case .rowCount: "Row count in dataset"
        case .columnCount: "Column count in dataset"
        case .duplicatedRows: "Duplicated row count in dataset"
        case .duplicatedColumns: "Duplicated column count in dataset"
        case .constantColumns: "Count of constant columns in dataset"
        case .almostConstantColumns: "Almost constant column count in dataset (eps=0.95)"
        case .emptyRows: "Count of empty rows in dataset"
        case .emptyColumns: "Count of empty columns in dataset"
        case .datasetMissing: "Count and share of missing values in dataset"
        case .missing: "Column '\(column)' missing values"
        case .minimum: "Minimal value of '\(column)'"
        case .maximum: "Maximum value of '\(column)'"
        case .mean: "Mean value of '\(column)'"
        case .deviation: "Std value of '\(column)'"
        case .median: "Median value of '\(column)'"
        case .quantile: "Quantile \(quantile ?? 0.5) of '\(column)'"
        case .sum: "Sum of '\(column)'"
        case .inRange: "Column '\(column)' values in range \(rangeText)"
        case .outRange: "Column '\(column)' values out of range \(rangeText)"
        case .inList: "Column '\(column)' values in list [\(listText)]"
        case .outList: "Column '\(column)' values out of list [\(listText)]"
        case .categories: "Column '\(column)' categories '\(listText)'"
        case .unique: "Unique Value Count: \(column)"
        case .type: "Type of '\(column)'"
        case .infinite:
            self.column == nil ? "Count of infinite values in dataset" : "Column '\(column)' infinite values"
        case .distinct: "Column '\(column)' different values"
        case .mostCommon: "Column '\(column)' rows with the most common value"
        case .minimumLength: "Shortest text of '\(column)'"
        case .maximumLength: "Longest text of '\(column)'"
        case .meanLength: "Mean text length of '\(column)'"
        case .correlation: "Correlation of '\(column)' and '\(other ?? "")'"
        }
    }

    private var rangeText: String { range.map { "\($0.lowerBound) to \($0.upperBound)" } ?? "" }
    private var listText: String { values.map(\.text).joined(separator: ", ") }

    /// The metric as Evidently writes one with its parameters: `MinValue(column=age)`.
    package var metricName: String {
        let arguments = parameters.pairs.map { key, value in "\(key)=\(value.stringValue ?? value.description)" }
        return "\(name.rawValue)(\(arguments.joined(separator: ",")))"
    }

    /// The parameters by their names in a suite.
    package var parameters: JSONObject {
        var object = JSONObject()
        if let column { object["column"] = .string(column) }
        if let other { object["other"] = .string(other) }
        if let method { object["method"] = .string(method.rawValue) }
        if let quantile { object["quantile"] = .number(quantile) }
        if let range {
            object["left"] = .number(range.lowerBound)
            object["right"] = .number(range.upperBound)
        }
        if !values.isEmpty { object["values"] = .array(values.map(\.json)) }
        return object
    }

    /// Whether the figure is a count that has a share as well.
    package var hasShare: Bool {
        switch name {
        case .datasetMissing, .missing, .inRange, .outRange, .inList, .outList, .categories, .unique, .infinite,
            .distinct, .mostCommon:
            true
        default: false
        }
    }

    /// Whether the figure is of a column.
    package static func needsColumn(_ name: Name) -> Bool {
        switch name {
        case .rowCount, .columnCount, .duplicatedRows, .duplicatedColumns, .constantColumns, .almostConstantColumns,
            .emptyRows, .emptyColumns, .datasetMissing, .infinite:
            false
        default: true
        }
    }
}
