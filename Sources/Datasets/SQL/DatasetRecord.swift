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
    /// Which names its tables have; see the migration `datasets-0002`.
    let layout: Int64

    /// The dataset's name.
    var name: String { spec.name }
    /// The raw table's quoted name.
    var rawTable: String { SQLName.quoted(layout == 1 ? "dataset_\(stem)_raw" : "raw_\(stem)") }
    /// The clean table's quoted name.
    var cleanTable: String { SQLName.quoted(layout == 1 ? "dataset_\(stem)_clean" : "clean_\(stem)") }
    /// The quoted column of the clean table that names a row's part.
    var label: String { layout == 1 ? "split" : SQLName.quoted("dataset") }
    /// Whether rows are known by a key.
    var isKeyed: Bool { !spec.key.isEmpty }
    /// The columns of the raw table before those of the dataset.
    var rawLeading: [String] { isKeyed ? ["row_id", "row_key", "row_hash"] : ["row_id"] }
    /// The columns of the clean table before those of the dataset that are written with a row.
    var cleanLeading: [String] {
        isKeyed ? ["row_id", "row_hash", "row_key", "row_invalid"] : ["row_id", "row_hash"]
    }
    /// The plain columns without their SQL names.
    var plainColumns: [DatasetColumn] { columns.map(\.column) }

    /// The column of that name.
    func column(named column: String) throws(MartletError) -> StoredColumn {
        if let found = columns.first(where: { $0.column.name == column }) { return found }
        throw MartletError(.invalidArgument, "The dataset '\(name)' has no column '\(column)'.")
    }

    /// The dataset, or nil.
    static func find(_ name: String, on connection: Connection) throws(MartletError) -> DatasetRecord? {
        guard let row = try connection.first("SELECT * FROM datasets WHERE name = ?", [.text(name)])
        else { return nil }
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
            columns: stored,
            layout: row.optionalInt("layout") ?? 1
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
        let remedy =
            known.isEmpty ? "none is declared yet" : "there are \(known.joined(separator: ", "))"
        throw MartletError(.notFound, "There is no dataset '\(name)'; \(remedy).")
    }

    /// The dataset, whose rows must be there.
    ///
    /// - Throws: `notFound`, or `failedPrecondition` when it was never ingested to the end.
    static func loadWithRows(_ name: String, on connection: Connection) throws(MartletError)
        -> DatasetRecord
    {
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
        for row in try connection.query("SELECT stem FROM datasets") {
            taken.insert(try row.text("stem"))
        }
        try connection.execute(
            "INSERT INTO datasets (name, stem, spec, directory, version, created_at, updated_at) VALUES (?, ?, ?, ?, NULL, ?, ?)",
            [
                .text(spec.name), .text(SQLName.unique(spec.name, taken: taken)),
                .text(spec.document.description),
                SQLValue(directory), .integer(now.milliseconds), .integer(now.milliseconds),
            ]
        )
    }

    /// Removes rows, columns, cursors and check results; the declaration stays.
    func dropRows(on connection: Connection) throws(MartletError) {
        try connection.execute("DROP TABLE IF EXISTS \(rawTable)")
        try connection.execute("DROP TABLE IF EXISTS \(cleanTable)")
        for table in ["dataset_columns", "dataset_cursors", "dataset_checks", "dataset_transforms"] {
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
        try connection.execute("UPDATE datasets SET layout = 2 WHERE name = ?", [.text(name)])
        var taken = Self.reserved
        for (position, column) in columns.map(asStored).enumerated() {
            try Self.insert(column, position: position, dataset: name, taken: &taken, on: connection)
        }
        let record = try Self.load(name, on: connection)
        let raw =
            ["row_id BIGINT PRIMARY KEY"]
            + (isKeyed ? ["row_key TEXT NOT NULL UNIQUE", "row_hash TEXT NOT NULL"] : [])
        let cells = record.columns.map { "\($0.quoted) TEXT" }
        try connection.execute(
            "CREATE TABLE \(record.rawTable) (\((raw + cells).joined(separator: ", ")))"
        )
        try record.createCleanTable(on: connection)
        for stage in DatasetStage.allCases {
            try IngestCursor.start.insert(dataset: name, stage: stage, now: now, on: connection)
        }
        return record
    }

    /// Makes the clean table for the columns as they are.
    func createCleanTable(on connection: Connection) throws(MartletError) {
        var clean = ["row_id BIGINT PRIMARY KEY", "row_hash TEXT NOT NULL"]
        if isKeyed { clean += ["row_key TEXT NOT NULL UNIQUE", "row_invalid TEXT"] }
        clean.append("\(label) TEXT")
        clean += columns.map { "\($0.quoted) \(Self.sqlType(of: $0.column.kind))" }
        try connection.execute("CREATE TABLE \(cleanTable) (\(clean.joined(separator: ", ")))")
    }

    /// Adds a column that the source has got, empty in the rows that are there.
    func add(_ column: DatasetColumn, on connection: Connection) throws(MartletError) -> DatasetRecord {
        var taken = Self.reserved.union(columns.map(\.identifier))
        try Self.insert(column, position: columns.count, dataset: name, taken: &taken, on: connection)
        let record = try Self.load(name, on: connection)
        guard let added = record.columns.last else { return record }
        try connection.execute("ALTER TABLE \(rawTable) ADD COLUMN \(added.quoted) TEXT")
        try connection.execute(
            "ALTER TABLE \(cleanTable) ADD COLUMN \(added.quoted) \(Self.sqlType(of: column.kind))"
        )
        return record
    }

    /// Gives a column another type: the clean table is made anew and filled again from the raw one.
    func retype(_ column: String, as kind: DatasetColumn.Kind, on connection: Connection)
        throws(MartletError)
        -> DatasetRecord
    {
        try connection.execute(
            "UPDATE dataset_columns SET kind = ? WHERE dataset = ? AND name = ?",
            [.text(kind.rawValue), .text(name), .text(column)]
        )
        try connection.execute(
            "UPDATE dataset_columns SET invalid = 0, invalid_rows = '[]' WHERE dataset = ?",
            [.text(name)]
        )
        let record = try Self.load(name, on: connection)
        try connection.execute("DROP TABLE \(cleanTable)")
        try record.createCleanTable(on: connection)
        try connection.execute(
            """
            UPDATE dataset_cursors SET byte_offset = 0, total_rows = 0, finished = 0 WHERE dataset = ? AND stage = ?
            """,
            [.text(name), .text(DatasetStage.clean.rawValue)]
        )
        return record
    }

    /// Identifiers that Martlet's own columns have in one of the tables.
    private static let reserved: Set<String> = [
        "row_id", "row_hash", "row_key", "row_invalid", "split", "dataset",
    ]

    private static func insert(
        _ column: DatasetColumn,
        position: Int,
        dataset: String,
        taken: inout Set<String>,
        on connection: Connection
    ) throws(MartletError) {
        let identifier = SQLName.unique(column.name, taken: taken)
        taken.insert(identifier)
        try connection.execute(
            """
            INSERT INTO dataset_columns (dataset, position, name, identifier, kind, invalid, invalid_rows)
            VALUES (?, ?, ?, ?, ?, 0, '[]')
            """,
            [
                .text(dataset), .int(position), .text(column.name), .text(identifier),
                .text(column.kind.rawValue),
            ]
        )
    }

    /// The column as it is stored: a target with classes holds their numbers, whatever the file has.
    private func asStored(_ column: DatasetColumn) -> DatasetColumn {
        guard let target = spec.target, target.column == column.name, !target.classes.isEmpty else {
            return column
        }
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
