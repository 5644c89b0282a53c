import Core
import Storage

extension DatasetStore {
    /// All datasets by name.
    package func datasets() async throws -> [DatasetSummary] {
        try await database.read { connection in
            let names = try connection.query("SELECT name FROM datasets ORDER BY name").map {
                try $0.text("name")
            }
            return try names.map {
                try Self.summary(of: DatasetRecord.load($0, on: connection), on: connection)
            }
        }
    }

    /// One dataset with its columns, checks and split.
    ///
    /// - Throws: `notFound` naming the datasets there are.
    package func dataset(_ name: String) async throws -> DatasetDetail {
        try await database.read { connection in
            let record = try DatasetRecord.load(name, on: connection)
            let checked = try connection.first(
                "SELECT MAX(checked_at) AS checked_at FROM dataset_checks WHERE dataset = ?",
                [.text(name)]
            )
            return DatasetDetail(
                summary: try Self.summary(of: record, on: connection),
                target: record.spec.target,
                columns: try Self.profiles(of: record, on: connection),
                checks: try Self.checks(of: name, on: connection),
                checkedAt: checked?.optionalTimestamp("checked_at"),
                splits: try Self.splits(of: record, on: connection),
                drift: try SchemaDrift.events(of: name, on: connection),
                versions: try DatasetVersions.all(of: name, on: connection),
                tables: record.columns.isEmpty
                    ? nil : [record.rawTable, record.cleanTable].map { $0.filter { $0 != "\"" } }
            )
        }
    }

    static func summary(of record: DatasetRecord, on connection: Connection) throws -> DatasetSummary {
        let raw = try IngestCursor.load(dataset: record.name, stage: .raw, on: connection)
        let clean = try IngestCursor.load(dataset: record.name, stage: .clean, on: connection)
        let checks = try connection.first(
            "SELECT MIN(passed) AS passed FROM dataset_checks WHERE dataset = ?",
            [.text(record.name)]
        )
        return DatasetSummary(
            name: record.name,
            origin: record.spec.source?.origin ?? "rows",
            file: record.spec.source?.name,
            rawRows: raw?.rows ?? 0,
            cleanRows: clean?.rows ?? 0,
            columnCount: record.columns.isEmpty ? record.spec.columns.count : record.columns.count,
            version: record.version,
            checksPassed: checks?.optionalInt("passed").map { $0 != 0 },
            updatedAt: record.updatedAt
        )
    }

    private static func splits(of record: DatasetRecord, on connection: Connection) throws
        -> [DatasetDetail.SplitCount]
    {
        guard !record.columns.isEmpty else { return [] }
        let sql = """
            SELECT \(record.label) AS part, COUNT(*) AS n FROM \(record.cleanTable) WHERE \(record.label) IS NOT NULL
            GROUP BY \(record.label) ORDER BY part
            """
        return try connection.query(sql).map { .init(name: try $0.text("part"), rows: try $0.int("n")) }
    }

    private static func profiles(
        of record: DatasetRecord,
        on connection: Connection
    ) throws -> [DatasetDetail.ColumnProfile] {
        try record.columns.map { stored in
            let isText = stored.column.kind == .string
            let numbers =
                isText
                ? ""
                : ", MIN(\(stored.quoted)) AS low, MAX(\(stored.quoted)) AS high, AVG(\(stored.quoted)) AS mean"
            let row = try connection.first(
                "SELECT COUNT(*) - COUNT(\(stored.quoted)) AS nulls\(numbers) FROM \(record.cleanTable)"
            )
            return DatasetDetail.ColumnProfile(
                column: stored.column,
                nulls: row?.optionalInt("nulls") ?? 0,
                minimum: row?.optionalDouble("low"),
                maximum: row?.optionalDouble("high"),
                mean: row?.optionalDouble("mean"),
                invalid: stored.invalid
            )
        }
    }
}
