import Core
import Storage

/// Runs the checks of one dataset as SQL over its clean table.
struct CheckRunner {
    let record: DatasetRecord
    let connection: Connection

    /// The results in order: types, the number of rows, then the declared checks.
    func run() throws(MartletError) -> [CheckResult] {
        let total = try count("SELECT COUNT(*) AS n FROM \(record.cleanTable)")
        var results = try schema()
        if total == 0 { results.append(rowCount(total, min: 1, max: nil)) }
        for check in record.spec.checks {
            switch check {
            case .nulls(let column?, let limit):
                results.append(try nulls(record.column(named: column), atMost: limit))
            case .nulls(nil, let limit): results.append(try nullsAnywhere(atMost: limit))
            case .duplicates(let limit): results.append(try duplicates(atMost: limit))
            case .range(let column, let lower, let upper):
                results.append(try range(record.column(named: column), min: lower, max: upper))
            case .rowCount(let lower, let upper): results.append(rowCount(total, min: lower, max: upper))
            case .classBalance(let share): results.append(try classBalance(atLeast: share, total: total))
            }
        }
        return results
    }

    private func count(_ sql: String, _ arguments: [SQLValue] = []) throws(MartletError) -> Int64 {
        try connection.first(sql, arguments)?.optionalInt("n") ?? 0
    }

    private func examples(where condition: String, _ arguments: [SQLValue] = []) throws(MartletError)
        -> [Int64]
    {
        let sql = "SELECT row_id FROM \(record.cleanTable) WHERE \(condition) ORDER BY row_id LIMIT ?"
        var rows: [Int64] = []
        for row in try connection.query(sql, arguments + [.int(DatasetsLimits.exampleRows)]) {
            rows.append(try row.int("row_id"))
        }
        return rows
    }

    private func schema() throws(MartletError) -> [CheckResult] {
        let invalid = record.columns.filter { $0.invalid > 0 }
        guard !invalid.isEmpty else {
            return [
                CheckResult(
                    name: "schema",
                    column: nil,
                    passed: true,
                    observed: 0,
                    expected: "every cell of its column's type",
                    message: "All \(record.columns.count) columns hold values of their type.",
                    rows: []
                )
            ]
        }
        return invalid.map { column in
            CheckResult(
                name: "schema",
                column: column.column.name,
                passed: false,
                observed: Double(column.invalid),
                expected: "every cell \(typeInWords(column))",
                message: "\(column.invalid) cells are not \(typeInWords(column))",
                rows: column.invalidRows
            )
        }
    }

    private func typeInWords(_ column: DatasetRecord.StoredColumn) -> String {
        if let target = record.spec.target, target.column == column.column.name, !target.classes.isEmpty {
            return "one of the classes \(target.classes.prefix(20).joined(separator: ", "))"
        }
        return switch column.column.kind {
        case .number: "a number"
        case .integer: "a whole number"
        case .string: "text"
        }
    }

    private func nulls(_ column: DatasetRecord.StoredColumn, atMost limit: Int64) throws(MartletError)
        -> CheckResult
    {
        let found = try count(
            "SELECT COUNT(*) AS n FROM \(record.cleanTable) WHERE \(column.quoted) IS NULL"
        )
        return CheckResult(
            name: "nulls",
            column: column.column.name,
            passed: found <= limit,
            observed: Double(found),
            expected: "at most \(limit)",
            message: "\(found) values are missing",
            rows: found > limit ? try examples(where: "\(column.quoted) IS NULL") : []
        )
    }

    /// Names the column with the most missing values when there are too many in any.
    private func nullsAnywhere(atMost limit: Int64) throws(MartletError) -> CheckResult {
        let sums = record.columns.enumerated().map { position, column in
            "SUM(CASE WHEN \(column.quoted) IS NULL THEN 1 ELSE 0 END) AS n\(position)"
        }
        let row = try connection.first(
            "SELECT \(sums.joined(separator: ", ")) FROM \(record.cleanTable)"
        )
        var worst: (column: DatasetRecord.StoredColumn, count: Int64)?
        for (position, column) in record.columns.enumerated() {
            let found = row?.optionalInt("n\(position)") ?? 0
            if found > worst?.count ?? limit { worst = (column, found) }
        }
        if let worst { return try nulls(worst.column, atMost: limit) }
        return CheckResult(
            name: "nulls",
            column: nil,
            passed: true,
            observed: 0,
            expected: "at most \(limit) in any column",
            message: "No column has more than \(limit) missing values",
            rows: []
        )
    }

    private func duplicates(atMost limit: Int64) throws(MartletError) -> CheckResult {
        let repeated = """
            row_id NOT IN (SELECT MIN(row_id) FROM \(record.cleanTable) GROUP BY row_hash)
            """
        let found = try count("SELECT COUNT(*) AS n FROM \(record.cleanTable) WHERE \(repeated)")
        return CheckResult(
            name: "duplicates",
            column: nil,
            passed: found <= limit,
            observed: Double(found),
            expected: "at most \(limit)",
            message: "\(found) rows repeat an earlier row",
            rows: found > limit ? try examples(where: repeated) : []
        )
    }

    private func range(
        _ column: DatasetRecord.StoredColumn,
        min lower: Double?,
        max upper: Double?
    ) throws(MartletError) -> CheckResult {
        guard column.column.kind != .string else {
            throw MartletError(
                .failedPrecondition,
                "The check of '\(column.column.name)' compares numbers, but the column holds text; declare its type."
            )
        }
        var conditions: [String] = []
        var bounds: [SQLValue] = []
        if let lower {
            conditions.append("\(column.quoted) < ?")
            bounds.append(.real(lower))
        }
        if let upper {
            conditions.append("\(column.quoted) > ?")
            bounds.append(.real(upper))
        }
        let condition = conditions.joined(separator: " OR ")
        let found = try count(
            "SELECT COUNT(*) AS n FROM \(record.cleanTable) WHERE \(condition)",
            bounds
        )
        let expected = Self.bounds(lower, upper)
        return CheckResult(
            name: "range",
            column: column.column.name,
            passed: found == 0,
            observed: Double(found),
            expected: expected,
            message: "\(found) values are not \(expected)",
            rows: found > 0 ? try examples(where: condition, bounds) : []
        )
    }

    private func rowCount(_ total: Int64, min lower: Int64?, max upper: Int64?) -> CheckResult {
        CheckResult(
            name: "rows",
            column: nil,
            passed: total >= lower ?? 0 && total <= upper ?? .max,
            observed: Double(total),
            expected: Self.bounds(lower, upper),
            message: "There are \(total) rows",
            rows: []
        )
    }

    private func classBalance(atLeast share: Double, total: Int64) throws(MartletError) -> CheckResult {
        guard let target = record.spec.target else {
            throw MartletError(.failedPrecondition, "The check class_balance needs 'target.classes'.")
        }
        let column = try record.column(named: target.column)
        var counts = [Int64](repeating: 0, count: target.classes.count)
        let sql = """
            SELECT \(column.quoted) AS class, COUNT(*) AS n FROM \(record.cleanTable)
            WHERE \(column.quoted) IS NOT NULL GROUP BY \(column.quoted)
            """
        for row in try connection.query(sql) {
            let number = Int(try row.int("class"))
            if counts.indices.contains(number) { counts[number] = try row.int("n") }
        }
        let rarest = counts.indices.min { counts[$0] < counts[$1] } ?? 0
        let least = total > 0 ? Double(counts[rarest]) / Double(total) : 0
        return CheckResult(
            name: "class_balance",
            column: target.column,
            passed: least >= share,
            observed: least,
            expected: "every class at least \(share) of the rows",
            message: "The class '\(target.classes[rarest])' has \(counts[rarest]) of \(total) rows",
            rows: []
        )
    }

    private static func bounds<T>(_ lower: T?, _ upper: T?) -> String {
        switch (lower, upper) {
        case (let lower?, let upper?): "between \(lower) and \(upper)"
        case (let lower?, nil): "at least \(lower)"
        case (nil, let upper?): "at most \(upper)"
        case (nil, nil): "any"
        }
    }
}
