/// One named column of a table.
package struct Column: Sendable, Equatable {
    /// The values, by type; a missing number is NaN, a missing integer or text is nil.
    package enum Values: Sendable, Equatable {
        case numbers([Double])
        case integers([Int64?])
        case strings([String?])

        /// How many rows there are.
        package var count: Int {
            switch self {
            case .numbers(let values): values.count
            case .integers(let values): values.count
            case .strings(let values): values.count
            }
        }
    }

    /// The name, unique in its table.
    package let name: String
    /// The values, one a row.
    package let values: Values

    /// Makes a column.
    package init(name: String, values: Values) {
        self.name = name
        self.values = values
    }

    /// The values as numbers, NaN where missing; nil for text that is no number.
    package var numbers: [Double]? {
        switch values {
        case .numbers(let values): return values
        case .integers(let values): return values.map { $0.map(Double.init) ?? .nan }
        case .strings(let values):
            var numbers: [Double] = []
            numbers.reserveCapacity(values.count)
            for value in values {
                guard let value else {
                    numbers.append(.nan)
                    continue
                }
                guard let number = Double(value) else { return nil }
                numbers.append(number)
            }
            return numbers
        }
    }

    /// How many values are missing.
    package var missingCount: Int {
        switch values {
        case .numbers(let values): values.count { $0.isNaN }
        case .integers(let values): values.count { $0 == nil }
        case .strings(let values): values.count { $0 == nil }
        }
    }

    /// The column with the rows at `positions`, in that order; positions outside are skipped.
    package func selecting(_ positions: [Int]) -> Column {
        let kept = positions.filter { $0 >= 0 && $0 < values.count }
        switch values {
        case .numbers(let values): return Column(name: name, values: .numbers(kept.map { values[$0] }))
        case .integers(let values): return Column(name: name, values: .integers(kept.map { values[$0] }))
        case .strings(let values): return Column(name: name, values: .strings(kept.map { values[$0] }))
        }
    }
}

/// Named columns of equal length.
package struct Table: Sendable, Equatable {
    /// The columns in order.
    package let columns: [Column]

    /// Makes a table.
    ///
    /// - Throws: `invalidArgument` when lengths differ, a name repeats or there are too many columns.
    package init(columns: [Column]) throws(MartletError) {
        guard columns.count <= CoreLimits.tableColumns else {
            throw MartletError(
                .invalidArgument,
                "A table has at most \(CoreLimits.tableColumns) columns, not \(columns.count)."
            )
        }
        var names: Set<String> = []
        for column in columns {
            guard names.insert(column.name).inserted else {
                throw MartletError(.invalidArgument, "The column '\(column.name)' appears twice.")
            }
            guard column.values.count == columns[0].values.count else {
                throw MartletError(
                    .invalidArgument,
                    "The column '\(column.name)' has \(column.values.count) rows, but '\(columns[0].name)' has \(columns[0].values.count)."
                )
            }
        }
        self.columns = columns
    }

    /// How many rows there are.
    package var rowCount: Int {
        columns.first?.values.count ?? 0
    }

    /// The column of that name.
    package subscript(_ name: String) -> Column? {
        columns.first { $0.name == name }
    }

    /// The column of that name.
    ///
    /// - Throws: `invalidArgument` naming the columns there are.
    package func column(_ name: String) throws(MartletError) -> Column {
        if let column = self[name] { return column }
        let known = columns.prefix(20).map(\.name).joined(separator: ", ")
        throw MartletError(.invalidArgument, "There is no column '\(name)'; the table has \(known).")
    }

    /// The table with the rows at `positions`, in that order; positions outside are skipped.
    package func selecting(_ positions: [Int]) throws(MartletError) -> Table {
        try Table(columns: columns.map { $0.selecting(positions) })
    }

    /// The named numeric columns as 32-bit floats, row-major: `rowCount × names.count`.
    ///
    /// - Throws: `invalidArgument` when a column is absent or not numeric.
    package func matrix(of names: [String]) throws(MartletError) -> [Float] {
        var matrix = [Float](repeating: .nan, count: rowCount * names.count)
        for (position, name) in names.enumerated() {
            guard let numbers = try column(name).numbers else {
                throw MartletError(.invalidArgument, "The column '\(name)' is not numeric.")
            }
            for (row, number) in numbers.enumerated() {
                matrix[row * names.count + position] = Float(number)
            }
        }
        return matrix
    }
}
