package import Core

/// Something about the data itself that a comparison of distributions does not see, because it leaves such values out.
package struct DataEvent: Sendable, Equatable {
    /// What happened.
    package enum Kind: String, Sendable, CaseIterable {
        /// More values are missing than chance explains.
        case missingRise = "missing_rise"
        /// No value is left.
        case allMissing = "all_missing"
        /// Infinities, or more of them than chance explains.
        case infinities
        /// Categories that the reference does not have.
        case unseenCategory = "unseen_category"
        /// A column that varied is constant, or a constant one varies.
        case constant
        /// Values of another type, such as text where numbers were.
        case typeChange = "type_change"
        /// Values beyond the reference's smallest and largest, more of them than chance explains.
        case rangeExceeded = "range_exceeded"
        /// A column of the reference is not there.
        case missingColumn = "missing_column"
        /// A column that the reference does not have.
        case newColumn = "new_column"
    }

    /// How much an event means.
    package enum Severity: String, Sendable, CaseIterable {
        /// Worth knowing; no drift.
        case warning
        /// Counts as drift.
        case drift
    }

    /// The column's name.
    package let column: String
    /// What happened.
    package let kind: Kind
    /// What happened in words and numbers, for a person.
    package let detail: String
    /// The share of the reference's rows that it concerns; nil where it has none.
    package let referenceShare: Double?
    /// The share of the current rows that it concerns; nil where it has none.
    package let currentShare: Double?
    /// The probability of as much by chance; nil for what chance cannot do.
    package let pValue: Double?
    /// Whether it counts as drift.
    package let severity: Severity

    /// An event from its parts.
    ///
    /// - Parameters:
    ///   - column: The column's name.
    ///   - kind: What happened.
    ///   - detail: The same for a person.
    ///   - referenceShare: The share of the reference's rows that it concerns.
    ///   - currentShare: The share of the current rows.
    ///   - pValue: The probability of as much by chance.
    ///   - severity: Whether it counts as drift.
    package init(
        column: String,
        kind: Kind,
        detail: String,
        referenceShare: Double? = nil,
        currentShare: Double? = nil,
        pValue: Double? = nil,
        severity: Severity = .drift
    ) {
        self.column = column
        self.kind = kind
        self.detail = detail
        self.referenceShare = referenceShare
        self.currentShare = currentShare
        self.pValue = pValue
        self.severity = severity
    }

    /// The event as reports and the API write it.
    package var json: JSONValue {
        [
            "column_name": .string(column), "kind": .string(kind.rawValue), "severity": .string(severity.rawValue),
            "detail": .string(detail), "reference_share": .optional(referenceShare),
            "current_share": .optional(currentShare), "p_value": .optional(pValue),
        ]
    }
}

/// When something about the data counts as an event.
package struct DataEventOptions: Sendable, Equatable {
    /// The probability by chance, over all columns together, below which a rise of missing values, infinities or unseen
    /// categories is an event.
    package var significance = 0.01
    /// The least rise of the share of missing values that is an event, however certain it is.
    package var leastRise = 0.005
    /// The probability by chance, over all columns together, below which values beyond the reference's range are an event.
    package var rangeSignificance = 0.001
    /// Kinds that are not looked for.
    package var ignored: Set<DataEvent.Kind> = []
    /// Columns that are not looked at.
    package var ignoredColumns: Set<String> = []

    /// The defaults.
    package init() {}

    /// Reads options; unknown keys are errors.
    ///
    /// Keys: `significance`, `least_rise`, `range_significance`, `ignore` (kinds), `ignore_columns`.
    ///
    /// - Parameter fields: The object.
    /// - Throws: `invalidArgument` naming the key.
    package init(_ fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["significance", "least_rise", "range_significance", "ignore", "ignore_columns"])
        significance = try fields.optionalDouble("significance", in: 0...1) ?? significance
        leastRise = try fields.optionalDouble("least_rise", in: 0...1) ?? leastRise
        rangeSignificance = try fields.optionalDouble("range_significance", in: 0...1) ?? rangeSignificance
        for name in try fields.strings("ignore") {
            guard let kind = DataEvent.Kind(rawValue: name) else {
                let known = DataEvent.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw fields.invalid("ignore", "must hold kinds of events: \(known)")
            }
            ignored.insert(kind)
        }
        ignoredColumns = Set(try fields.strings("ignore_columns"))
    }

    /// The options as they would be written; parsing gives the same value.
    package var json: JSONValue {
        [
            "significance": .number(significance), "least_rise": .number(leastRise),
            "range_significance": .number(rangeSignificance),
            "ignore": .array(ignored.map(\.rawValue).sorted().map(JSONValue.string)),
            "ignore_columns": .array(ignoredColumns.sorted().map(JSONValue.string)),
        ]
    }
}
