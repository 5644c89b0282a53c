package import Core
import Storage

extension DatasetStore {
    /// Makes a dataset of these rows, in place of earlier ones made the same way.
    ///
    /// - Parameters:
    ///   - name: The dataset; it is declared if it is new.
    ///   - table: The rows; number columns stay numbers, whole numbers and text likewise.
    ///   - target: The column to predict; kept from the earlier declaration when nil.
    ///   - split: How the rows are to be divided; kept from the earlier declaration when nil.
    /// - Returns: How many rows were added and how many repeated another.
    /// - Throws: `failedPrecondition` when the dataset comes from a file, `invalidArgument` for values that do not fit.
    package func replaceRows(
        _ name: String,
        table: Table,
        target: DatasetTarget? = nil,
        split: SplitSpec? = nil
    ) async throws -> AppendReport {
        let columns = table.columns.map { DatasetColumn(name: $0.name, kind: $0.values.kind) }
        try Self.requireBounded(table)
        let (now, outbox) = (clock.now, outbox)
        return try await database.write { connection in
            let existing = try DatasetRecord.find(name, on: connection)
            try existing?.requireMadeFromRows()
            let document = Self.document(
                columns: columns,
                target: target ?? existing?.spec.target,
                split: split ?? existing?.spec.split
            )
            let spec = try DatasetSpec.parseStored(name: name, document)
            if existing == nil {
                try DatasetRecord.insert(spec, directory: nil, now: now, on: connection)
            } else {
                try connection.execute(
                    "UPDATE datasets SET spec = ? WHERE name = ?",
                    [.text(document.description), .text(name)]
                )
            }
            let record = try DatasetRecord.load(name, on: connection)
                .createTables(for: spec.columns, now: now, on: connection)
            return try RowAppender(record: record, connection: connection, outbox: outbox).append(
                table,
                now: now
            )
        }
    }

    /// Adds rows to a dataset that was made by `replaceRows`, leaving out those that are there already.
    ///
    /// - Throws: `notFound`, `failedPrecondition` when the dataset comes from a file, `invalidArgument` when columns or
    ///   values do not fit.
    package func appendRows(_ name: String, table: Table) async throws -> AppendReport {
        try Self.requireBounded(table)
        let (now, outbox) = (clock.now, outbox)
        return try await database.write { connection in
            let record = try DatasetRecord.loadWithRows(name, on: connection)
            try record.requireMadeFromRows()
            return try RowAppender(record: record, connection: connection, outbox: outbox).append(
                table,
                now: now
            )
        }
    }

    private static func requireBounded(_ table: Table) throws(MartletError) {
        guard table.rowCount <= DatasetsLimits.appendRows else {
            throw MartletError(
                .resourceExhausted,
                "\(table.rowCount) rows are too many to add at once; at most \(DatasetsLimits.appendRows) are accepted."
            )
        }
    }

    private static func document(columns: [DatasetColumn], target: DatasetTarget?, split: SplitSpec?)
        -> JSONValue
    {
        var object: JSONObject = ["columns": .array(columns.map(\.json))]
        if let target { object["target"] = target.json }
        if let split { object["split"] = split.json }
        return .object(object)
    }
}

extension Column.Values {
    /// The column type that keeps these values as they are.
    fileprivate var kind: DatasetColumn.Kind {
        switch self {
        case .numbers: .number
        case .integers: .integer
        case .strings: .string
        }
    }
}

extension DatasetRecord {
    /// Throws when the rows come from a file, which an append would silently leave behind.
    fileprivate func requireMadeFromRows() throws(MartletError) {
        guard spec.source == nil else {
            throw MartletError(
                .failedPrecondition,
                "The dataset '\(name)' comes from \(spec.source?.origin == "file" ? "a file; add rows to the file" : "a source; add rows there") or use another dataset's name."
            )
        }
    }
}
