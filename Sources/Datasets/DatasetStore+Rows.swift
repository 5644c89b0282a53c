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
    package func rows(_ name: String, stage: DatasetStage = .clean, split: String? = nil) async throws -> Table {
        switch stage {
        case .clean: return try await rowSet(name, split: split).table
        case .raw:
            guard split == nil else {
                throw MartletError(.invalidArgument, "Raw rows of '\(name)' are not split; ask for clean rows.")
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
            return try RowReader(record: record, connection: connection).page(split: split, after: last, limit: limit)
        }
    }

    /// Puts every listed row into its part and takes all others out of theirs, in one write.
    ///
    /// - Parameters:
    ///   - name: The dataset.
    ///   - assignments: The part of each row by row id.
    /// - Throws: `invalidArgument` for a malformed name of a part, `notFound` when a row does not exist (nothing changes then).
    package func assignSplit(_ name: String, assignments: [Int64: String]) async throws {
        let names = Set(assignments.values)
        guard names.count <= DatasetsLimits.splitParts, names.allSatisfy(SplitSpec.isName) else {
            throw MartletError(
                .invalidArgument,
                "A split has at most \(DatasetsLimits.splitParts) parts named with letters, digits, '_' and '-'."
            )
        }
        let now = clock.now
        try await database.write { connection in
            let record = try DatasetRecord.loadWithRows(name, on: connection)
            try connection.execute("UPDATE \(record.cleanTable) SET split = NULL WHERE split IS NOT NULL")
            let update = "UPDATE \(record.cleanTable) SET split = ? WHERE row_id = ?"
            for (id, part) in assignments {
                guard try connection.execute(update, [.text(part), .integer(id)]) == 1 else {
                    throw MartletError(.notFound, "The dataset '\(name)' has no row \(id).")
                }
            }
            try connection.execute(
                "UPDATE datasets SET updated_at = ? WHERE name = ?",
                [.integer(now.milliseconds), .text(name)]
            )
        }
    }
}
