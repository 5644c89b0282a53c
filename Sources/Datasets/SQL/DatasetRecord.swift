import Core
import Storage

/// A dataset as it stands in the database: declaration, resolved columns and the names of its tables.
struct DatasetRecord: Sendable {
    /// A column with its SQL identifier and how many of its cells were not of its type.
    struct StoredColumn: Sendable {
        let column: DatasetColumn
        let identifier: String
        let invalid: Int64
        let invalidRows: [Int64]

        /// The identifier as it stands in a statement.
        var quoted: String { SQLName.quoted(identifier) }
    }

    let spec: DatasetSpec
    let stem: String
    let directory: String?
    let version: String?
    let createdAt: Timestamp
    let updatedAt: Timestamp
    /// Empty until the first ingestion has found them.
    let columns: [StoredColumn]

    /// The dataset's name.
    var name: String { spec.name }
    /// The raw table's quoted name.
    var rawTable: String { SQLName.quoted("dataset_\(stem)_raw") }
    /// The clean table's quoted name.
    var cleanTable: String { SQLName.quoted("dataset_\(stem)_clean") }
    /// The plain columns without their SQL names.
    var plainColumns: [DatasetColumn] { columns.map(\.column) }

    /// The column of that name.
    func column(named column: String) throws(MartletError) -> StoredColumn {
        if let found = columns.first(where: { $0.column.name == column }) { return found }
        throw MartletError(.invalidArgument, "The dataset '\(name)' has no column '\(column)'.")
    }

    /// The dataset, or nil.
    static func find(_ name: String, on connection: Connection) throws(MartletError) -> DatasetRecord? {
        guard let row = try connection.first("SELECT * FROM datasets WHERE name = ?", [.text(name)]) else { return nil }
        let columns = try connection.query(
            "SELECT * FROM dataset_columns WHERE dataset = ? ORDER BY position",
            [.text(name)]
        )
        var stored: [StoredColumn] = []
        for column in columns { stored.append(try StoredColumn(column)) }
        return DatasetRecord(
            spec: try DatasetSpec.parseStored(name: name, try row.json("spec")),
            stem: try row.text("stem"),
            directory: row.optionalText("directory"),
            version: row.optionalText("version"),
            createdAt: try row.timestamp("created_at"),
            updatedAt: try row.timestamp("updated_at"),
            columns: stored
        )
    }

    /// The dataset.
    ///
    /// - Throws: `notFound` naming the datasets there are.
    static func load(_ name: String, on connection: Connection) throws(MartletError) -> DatasetRecord {
        if let record = try find(name, on: connection) { return record }
        var known: [String] = []
        for row in try connection.query("SELECT name FROM datasets ORDER BY name LIMIT 20") {
            known.append(try row.text("name"))
        }
        let remedy = known.isEmpty ? "none is declared yet" : "there are \(known.joined(separator: ", "))"
        throw MartletError(.notFound, "There is no dataset '\(name)'; \(remedy).")
    }

    /// The dataset, whose rows must be there.
    ///
    /// - Throws: `notFound`, or `failedPrecondition` when it was never ingested to the end.
    static func loadWithRows(_ name: String, on connection: Connection) throws(MartletError) -> DatasetRecord {
        let record = try load(name, on: connection)
        guard record.version != nil else {
            throw MartletError(
                .failedPrecondition,
                "The dataset '\(name)' has no complete rows yet; run the step data.ingest first."
            )
        }
        return record
    }

    static func insert(
        _ spec: DatasetSpec,
        directory: String?,
        now: Timestamp,
        on connection: Connection
    ) throws(MartletError) {
        var taken: Set<String> = []
        for row in try connection.query("SELECT stem FROM datasets") { taken.insert(try row.text("stem")) }
        try connection.execute(
            "INSERT INTO datasets (name, stem, spec, directory, version, created_at, updated_at) VALUES (?, ?, ?, ?, NULL, ?, ?)",
            [
                .text(spec.name), .text(SQLName.unique(spec.name, taken: taken)), .text(spec.document.description),
                SQLValue(directory), .integer(now.milliseconds), .integer(now.milliseconds),
            ]
        )
    }

    /// Removes rows, columns, cursors and check results; the declaration stays.
    func dropRows(on connection: Connection) throws(MartletError) {
        try connection.execute("DROP TABLE IF EXISTS \(rawTable)")
        try connection.execute("DROP TABLE IF EXISTS \(cleanTable)")
        for table in ["dataset_columns", "dataset_cursors", "dataset_checks"] {
            try connection.execute("DELETE FROM \(table) WHERE dataset = ?", [.text(name)])
        }
        try connection.execute("UPDATE datasets SET version = NULL WHERE name = ?", [.text(name)])
    }

    /// Makes the two tables for `columns`, in place of earlier ones, with cursors at the beginning.
    func createTables(
        for columns: [DatasetColumn],
        now: Timestamp,
        on connection: Connection
    ) throws(MartletError) -> DatasetRecord {
        try dropRows(on: connection)
        var taken: Set<String> = ["row_id", "row_hash", "split"]
        var raw = ["row_id BIGINT PRIMARY KEY"]
        var clean = ["row_id BIGINT PRIMARY KEY", "row_hash TEXT NOT NULL", "split TEXT"]
        for (position, column) in columns.map(asStored).enumerated() {
            let identifier = SQLName.unique(column.name, taken: taken)
            taken.insert(identifier)
            raw.append("\(SQLName.quoted(identifier)) TEXT")
            clean.append("\(SQLName.quoted(identifier)) \(Self.sqlType(of: column.kind))")
            try connection.execute(
                """
                INSERT INTO dataset_columns (dataset, position, name, identifier, kind, invalid, invalid_rows)
                VALUES (?, ?, ?, ?, ?, 0, '[]')
                """,
                [.text(name), .int(position), .text(column.name), .text(identifier), .text(column.kind.rawValue)]
            )
        }
        try connection.execute("CREATE TABLE \(rawTable) (\(raw.joined(separator: ", ")))")
        try connection.execute("CREATE TABLE \(cleanTable) (\(clean.joined(separator: ", ")))")
        let index = SQLName.quoted("dataset_\(stem)_hash")
        try connection.execute("CREATE INDEX \(index) ON \(cleanTable) (row_hash)")
        for stage in DatasetStage.allCases {
            try IngestCursor.start.insert(dataset: name, stage: stage, now: now, on: connection)
        }
        return try Self.load(name, on: connection)
    }

    /// The column as it is stored: a target with classes holds their numbers, whatever the file has.
    private func asStored(_ column: DatasetColumn) -> DatasetColumn {
        guard let target = spec.target, target.column == column.name, !target.classes.isEmpty else { return column }
        return DatasetColumn(name: column.name, kind: .integer)
    }

    private static func sqlType(of kind: DatasetColumn.Kind) -> String {
        switch kind {
        case .number: "DOUBLE PRECISION"
        case .integer: "BIGINT"
        case .string: "TEXT"
        }
    }
}

extension DatasetRecord.StoredColumn {
    fileprivate init(_ row: Row) throws(MartletError) {
        guard let kind = DatasetColumn.Kind(rawValue: try row.text("kind")) else {
            throw MartletError(.internal, "The stored column type '\(try row.text("kind"))' is unknown.")
        }
        column = DatasetColumn(name: try row.text("name"), kind: kind)
        identifier = try row.text("identifier")
        invalid = try row.int("invalid")
        invalidRows = (try row.json("invalid_rows").arrayValue ?? []).compactMap(\.integerValue)
    }
}
