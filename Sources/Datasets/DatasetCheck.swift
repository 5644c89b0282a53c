package import Core

/// One rule that clean rows must meet, as an element of `checks:`.
package enum DatasetCheck: Sendable, Equatable {
    /// At most so many missing values, in one column or in every column.
    case nulls(column: String?, atMost: Int64)
    /// At most so many rows that repeat an earlier row.
    case duplicates(atMost: Int64)
    /// Every present value of the column lies within the bounds.
    case range(column: String, min: Double?, max: Double?)
    /// The number of rows lies within the bounds.
    case rowCount(min: Int64?, max: Int64?)
    /// The rarest class of the target has at least this share of the rows.
    case classBalance(atLeast: Double)

    /// Reads `{nulls: 0}`, `{column, nulls}`, `{duplicates: 0}`, `{column, min, max}`, `{rows: {min, max}}` or `{class_balance: 0.2}`.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package static func parse(_ fields: JSONFields) throws(MartletError) -> DatasetCheck {
        let column = try fields.optionalString("column")
        if fields.value("nulls") != nil {
            try fields.rejectUnknown(["column", "nulls"])
            return .nulls(column: column, atMost: try fields.int("nulls", in: 0 ... .max))
        }
        if fields.value("duplicates") != nil {
            try fields.rejectUnknown(["duplicates"])
            return .duplicates(atMost: try fields.int("duplicates", in: 0 ... .max))
        }
        if fields.value("class_balance") != nil {
            try fields.rejectUnknown(["class_balance"])
            return .classBalance(atLeast: try fields.double("class_balance", in: 0...1))
        }
        if let rows = try fields.optionalFields("rows") {
            try fields.rejectUnknown(["rows"])
            return try parseRowCount(rows)
        }
        guard let column else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path)' must be one of {nulls}, {column, nulls}, {duplicates}, {column, min, max}, {rows: {min, max}}, {class_balance}."
            )
        }
        try fields.rejectUnknown(["column", "min", "max"])
        let lower = try fields.optionalDouble("min")
        let upper = try fields.optionalDouble("max")
        guard lower != nil || upper != nil else {
            throw MartletError(.invalidArgument, "'\(fields.path)' needs 'min', 'max', both, or 'nulls'.")
        }
        if let lower, let upper, lower > upper {
            throw fields.invalid("min", "must not be above 'max' (\(upper))")
        }
        return .range(column: column, min: lower, max: upper)
    }

    private static func parseRowCount(_ fields: JSONFields) throws(MartletError) -> DatasetCheck {
        try fields.rejectUnknown(["min", "max"])
        let lower = try fields.optionalInt("min", in: 0 ... .max)
        let upper = try fields.optionalInt("max", in: 0 ... .max)
        guard lower != nil || upper != nil else {
            throw MartletError(.invalidArgument, "'\(fields.path)' needs 'min', 'max' or both.")
        }
        if let lower, let upper, lower > upper {
            throw fields.invalid("min", "must not be above 'max' (\(upper))")
        }
        return .rowCount(min: lower, max: upper)
    }

    /// The column that the check names, if it names one.
    package var column: String? {
        switch self {
        case .nulls(let column, _): column
        case .range(let column, _, _): column
        case .duplicates, .rowCount, .classBalance: nil
        }
    }
}
