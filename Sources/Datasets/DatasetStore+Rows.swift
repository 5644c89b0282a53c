package import Core
import Storage

extension DatasetStore {
    /// The rows of a dataset in order of their ids.
    ///
    /// - Parameters:
    ///   - name: The dataset.
    ///   - stage: Clean (typed; the default) or raw (text as it came).
    ///   - split: Only the rows in this part of the split; clean rows only.
    /// - Returns: The columns in the dataset's order.
    /// - Throws: `notFound`, `failedPrecondition` before the first complete ingestion or split.
    package func rows(_ name: String, stage: DatasetStage = .clean, split: String? = nil) async throws
        -> Table
    {
        switch stage {
        case .clean: return try await rowSet(name, split: split).table
        case .raw:
            guard split == nil else {
                throw MartletError(
                    .invalidArgument,
                    "Raw rows of '\(name)' are not split; ask for clean rows."
                )
            }
            return try await database.read { connection in
                let record = try DatasetRecord.loadWithRows(name, on: connection)
                return try RowReader(record: record, connection: connection).raw()
            }
        }
    }

    /// The clean rows with their ids and parts, read at one moment.
    ///
    /// - Throws: `notFound`, `failedPrecondition` before the first complete ingestion or split.
    package func rowSet(_ name: String, split: String? = nil) async throws -> DatasetRows {
        try await database.read { connection in
            let record = try DatasetRecord.loadWithRows(name, on: connection)
            return try RowReader(record: record, connection: connection).clean(split: split)
        }
    }

    /// Some clean rows in order of their ids, for reading a dataset page by page.
    ///
    /// - Parameters:
    ///   - name: The dataset.
    ///   - split: Only the rows in this part of the split.
    ///   - last: The id after which the page begins; 0 for the first.
    ///   - limit: Most rows.
    /// - Returns: The rows; fewer than `limit` at the end.
    /// - Throws: `notFound`, `failedPrecondition` before the first complete ingestion or split.
    package func page(
        _ name: String,
        split: String? = nil,
        after last: Int64 = 0,
        limit: Int
    ) async throws -> DatasetRows {
        try await database.read { connection in
            let record = try DatasetRecord.loadWithRows(name, on: connection)
            return try RowReader(record: record, connection: connection).page(
                split: split,
                after: last,
                limit: limit
            )
        }
    }

    /// Puts every listed row into its part and takes all others out of theirs, in one write.
    ///
    /// - Parameters:
    ///   - name: The dataset.
    ///   - assignments: The part of each row by row id.
    /// - Throws: `invalidArgument` for a malformed name of a part, `notFound` when a row does not exist (nothing changes then).
    package func assignSplit(_ name: String, assignments: [Int64: String]) async throws {
        let rows = Dictionary(grouping: assignments.keys) { assignments[$0] ?? "" }
        try await assignSplit(name, parts: rows.map { ($0, $1) })
    }

    /// Puts the rows of each part into it and takes all others out of theirs, in one write.
    func assignSplit(_ name: String, parts: [(name: String, rows: [Int64])]) async throws {
        guard parts.count <= DatasetsLimits.splitParts, parts.map(\.name).allSatisfy(SplitSpec.isName) else {
            throw MartletError(
                .invalidArgument,
                "A split has at most \(DatasetsLimits.splitParts) parts named with letters, digits, '_' and '-'."
            )
        }
        let now = clock.now
        try await database.write { connection in
            let record = try DatasetRecord.loadWithRows(name, on: connection)
            try connection.execute(
                "UPDATE \(record.cleanTable) SET \(record.label) = NULL WHERE \(record.label) IS NOT NULL"
            )
            for part in parts { try Self.label(part.rows, part.name, record, on: connection) }
            try connection.execute(
                "UPDATE datasets SET updated_at = ? WHERE name = ?",
                [.integer(now.milliseconds), .text(name)]
            )
        }
    }

    private static func label(_ ids: [Int64], _ part: String, _ record: DatasetRecord, on connection: Connection) throws
    {
        var start = 0
        while start < ids.count {
            let some = ids[start..<min(ids.count, start + DatasetsLimits.insertRows)]
            let marks = SQLName.placeholders(some.count)
            let changed = try connection.execute(
                "UPDATE \(record.cleanTable) SET \(record.label) = ? WHERE row_id IN (\(marks))",
                [.text(part)] + some.map { .integer($0) }
            )
            guard changed == some.count else {
                let found = try connection.query(
                    "SELECT row_id FROM \(record.cleanTable) WHERE row_id IN (\(marks))",
                    some.map { .integer($0) }
                ).map { try $0.int("row_id") }
                let missing = Set(some).subtracting(found).min() ?? 0
                throw MartletError(.notFound, "The dataset '\(record.name)' has no row \(missing).")
            }
            start += some.count
        }
    }
}
