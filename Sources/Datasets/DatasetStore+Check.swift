import Core
import Storage

extension DatasetStore {
    /// Checks the clean rows against their types and the declared checks, and keeps the results.
    ///
    /// - Returns: All results, all passed.
    /// - Throws: `failedPrecondition` naming the first failed check, its column, how many rows fail and the first of
    ///   them; the results are kept all the same.
    package func check(_ name: String) async throws -> [CheckResult] {
        let now = clock.now
        let results = try await database.write { connection in
            let record = try DatasetRecord.loadWithRows(name, on: connection)
            let results = try CheckRunner(record: record, connection: connection).run()
            try connection.execute("DELETE FROM dataset_checks WHERE dataset = ?", [.text(name)])
            for (position, result) in results.enumerated() {
                try Self.insert(result, position: position, record: record, now: now, on: connection)
            }
            return results
        }
        if let failed = results.first(where: { !$0.passed }) {
            throw Self.failure(failed, dataset: name)
        }
        return results
    }

    private static func failure(_ result: CheckResult, dataset: String) -> MartletError {
        let column = result.column.map { " on column '\($0)'" } ?? ""
        let rows =
            result.rows.isEmpty
            ? "" : " (first rows: \(result.rows.map(String.init).joined(separator: ", ")))"
        return MartletError(
            .failedPrecondition,
            "The dataset '\(dataset)' failed the check '\(result.name)'\(column): \(result.message)\(rows); expected \(result.expected)."
        )
    }

    private static func insert(
        _ result: CheckResult,
        position: Int,
        record: DatasetRecord,
        now: Timestamp,
        on connection: Connection
    ) throws(MartletError) {
        try connection.execute(
            """
            INSERT INTO dataset_checks (dataset, position, name, column_name, passed, observed, expected, message,
                example_rows, version, checked_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(record.name), .int(position), .text(result.name), SQLValue(result.column),
                .bool(result.passed),
                .real(result.observed), .text(result.expected), .text(result.message),
                .text(JSONValue.array(result.rows.map(JSONValue.integer)).description),
                SQLValue(record.version),
                .integer(now.milliseconds),
            ]
        )
    }

    static func checks(of name: String, on connection: Connection) throws -> [CheckResult] {
        try connection.query(
            "SELECT * FROM dataset_checks WHERE dataset = ? ORDER BY position",
            [.text(name)]
        ).map {
            CheckResult(
                name: try $0.text("name"),
                column: $0.optionalText("column_name"),
                passed: try $0.bool("passed"),
                observed: try $0.double("observed"),
                expected: try $0.text("expected"),
                message: try $0.text("message"),
                rows: (try $0.json("example_rows").arrayValue ?? []).compactMap(\.integerValue)
            )
        }
    }
}
