import Core
import Storage

/// The records of evaluation datasets.
extension EvaluationStore {
    /// Adds records, given as a JSON array in a text; one whose inputs are there already is merged into it.
    ///
    /// - Returns: how many were added and how many merged.
    /// - Throws: `notFound`, `invalidArgument` naming the record.
    package func upsertRecords(_ dataset: String, _ text: String) async throws -> (inserted: Int, updated: Int) {
        let records = try DatasetRecord.records(text)
        let now = clock.now
        return try await database.write { connection in
            guard
                let row = try connection.first(
                    "SELECT * FROM evaluation_datasets WHERE dataset_id = ?",
                    [.text(dataset)]
                )
            else { throw MartletError(.notFound, Self.noDataset(dataset)) }
            var number = try row.int("last_record")
            var counts = (inserted: 0, updated: 0)
            for record in records {
                let hash = Self.hash(EvaluationText.text(.object(record.inputs), sorted: true))
                let known = try connection.first(
                    "SELECT * FROM evaluation_dataset_records WHERE dataset_id = ? AND input_hash = ?",
                    [.text(dataset), .text(hash)]
                )
                if let known {
                    try Self.merge(connection, record, into: known, now)
                    counts.updated += 1
                } else {
                    number += 1
                    try Self.insert(connection, record, dataset, number, hash, now)
                    counts.inserted += 1
                }
            }
            let known = try row.optionalText("record_schema").map { try EvaluationText.parse($0, field: "schema") }
            let schema = DatasetSchema.adding(records, to: known?.objectValue)
            try connection.execute(
                """
                UPDATE evaluation_datasets SET record_schema = ?, profile = ?, digest = ?, last_record = ?,
                    last_update_time = ?, last_updated_by = ? WHERE dataset_id = ?
                """,
                [
                    SQLValue(schema.map { EvaluationText.text(.object($0)) }),
                    SQLValue(try Self.profile(connection, dataset)), .text(Self.digest(try row.text("name"), now)),
                    .integer(number), .integer(now.milliseconds), SQLValue(records.last { $0.user != nil }?.user),
                    .text(dataset),
                ]
            )
            return counts
        }
    }

    private static func insert(
        _ connection: Connection,
        _ record: DatasetRecord,
        _ dataset: String,
        _ number: Int64,
        _ hash: String,
        _ now: Timestamp
    ) throws {
        let outputs = record.outputs ?? .object([:])
        try connection.execute(
            """
            INSERT INTO evaluation_dataset_records (dataset_id, record_number, record_id, input_hash, inputs, outputs,
                expectations, tags, source, source_id, source_type, creation_time, last_update_time, created_by,
                last_updated_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(dataset), .integer(number), .text("dr-" + Identifier.random()), .text(hash),
                .text(EvaluationText.text(.object(record.inputs))),
                SQLValue(outputs == .null ? nil : EvaluationText.text(outputs)), SQLValue(json(record.expectations)),
                .text(json(record.tags ?? [:]) ?? "{}"), SQLValue(json(record.source)), SQLValue(record.sourceID),
                SQLValue(record.sourceType), .integer(now.milliseconds), .integer(now.milliseconds),
                SQLValue(record.user), SQLValue(record.user),
            ]
        )
    }

    private static func merge(
        _ connection: Connection,
        _ record: DatasetRecord,
        into row: Row,
        _ now: Timestamp
    ) throws {
        func merged(_ column: String, _ members: JSONObject?) throws -> String? {
            let text = row.optionalText(column)
            guard let members, !members.isEmpty else { return text }
            var known = try text.flatMap { try EvaluationText.parse($0, field: column).objectValue } ?? [:]
            for (key, value) in members.pairs { known[key] = value }
            return EvaluationText.text(.object(known))
        }
        var outputs = row.optionalText("outputs")
        if let value = record.outputs { outputs = value == .null ? nil : EvaluationText.text(value) }
        try connection.execute(
            """
            UPDATE evaluation_dataset_records SET outputs = ?, expectations = ?, tags = ?, last_update_time = ?,
                last_updated_by = ? WHERE dataset_id = ? AND record_number = ?
            """,
            [
                SQLValue(outputs), SQLValue(try merged("expectations", record.expectations)),
                .text(try merged("tags", record.tags) ?? "{}"), .integer(now.milliseconds),
                SQLValue(record.user ?? row.optionalText("last_updated_by")), row["dataset_id"], row["record_number"],
            ]
        )
    }

    private static func json(_ object: JSONObject?) -> String? {
        object.map { EvaluationText.text(.object($0)) }
    }

    /// How many records a dataset has, as JSON; nil for none.
    private static func profile(_ connection: Connection, _ dataset: String) throws -> String? {
        let row = try connection.first(
            "SELECT COUNT(*) AS found FROM evaluation_dataset_records WHERE dataset_id = ?",
            [.text(dataset)]
        )
        let count = try row?.int("found") ?? 0
        return count > 0 ? EvaluationText.text(["num_records": .integer(count)]) : nil
    }

    /// A page of records as the JSON text that clients expect, in the order in which they were added.
    ///
    /// - Throws: `notFound` for the dataset, `invalidArgument` for a limit or token that is none.
    package func records(
        of dataset: String,
        limit: Int = EvaluationsLimits.recordsPageSize,
        after token: String? = nil
    ) async throws -> (json: String, nextToken: String?) {
        guard limit >= 1 else {
            throw MartletError(
                .invalidArgument,
                "Invalid value \(limit) for parameter 'max_results' supplied: It must be at least 1."
            )
        }
        // A client that asks for more gets a full page and the token of the next.
        let page = KeysetPage(
            keys: [KeysetPage.Key("r.record_number", isAscending: true)],
            limit: min(limit, EvaluationsLimits.recordsPageSize),
            query: ["evaluation records", dataset]
        )
        return try await database.read { connection in
            try Self.require(connection, dataset, Self.noDataset(dataset))
            let result = try page.rows(
                connection,
                columns: "r.*",
                source: SQLFragment("evaluation_dataset_records r"),
                condition: SQLFragment("r.dataset_id = ?", [.text(dataset)]),
                after: token
            )
            return ("[" + (try result.rows.map(Self.text)).joined(separator: ", ") + "]", result.nextToken)
        }
    }

    /// A record as JSON; the parts that are kept as JSON go in as they are.
    private static func text(_ row: Row) throws -> String {
        var members: [(key: String, json: String)] = [
            ("dataset_record_id", quoted(try row.text("record_id"))),
            ("dataset_id", quoted(try row.text("dataset_id"))),
            ("inputs", try row.text("inputs")),
        ]
        for name in ["outputs", "expectations", "tags", "source"] {
            if let json = row.optionalText(name) { members.append((name, json)) }
        }
        for name in ["source_id", "source_type", "created_by", "last_updated_by"] {
            if let text = row.optionalText(name) { members.append((name, quoted(text))) }
        }
        members.append(("created_time", String(try row.int("creation_time"))))
        members.append(("last_update_time", String(try row.int("last_update_time"))))
        return "{" + members.map { "\"\($0.key)\": \($0.json)" }.joined(separator: ", ") + "}"
    }

    private static func quoted(_ text: String) -> String {
        EvaluationText.text(.string(text))
    }

    /// Deletes records by their ids; those that are not there are passed over.
    ///
    /// - Returns: how many were deleted.
    /// - Throws: `notFound` for the dataset, `invalidArgument` for too many.
    package func deleteRecords(of dataset: String, _ ids: [String]) async throws -> Int {
        guard ids.count <= EvaluationsLimits.records else {
            throw MartletError(
                .invalidArgument,
                "At most \(EvaluationsLimits.records) records can be deleted at once, not \(ids.count)."
            )
        }
        return try await database.write { connection in
            try Self.require(connection, dataset, Self.noDataset(dataset))
            var deleted = 0
            for start in stride(from: 0, to: ids.count, by: EvaluationsLimits.batchRows) {
                let batch = ids[start..<min(start + EvaluationsLimits.batchRows, ids.count)]
                let list = SQLFragment.isIn("record_id", batch.map(SQLValue.text))
                deleted += try connection.execute(
                    "DELETE FROM evaluation_dataset_records WHERE dataset_id = ? AND \(list.sql)",
                    [.text(dataset)] + list.arguments
                )
            }
            if deleted > 0 {
                try connection.execute(
                    "UPDATE evaluation_datasets SET profile = ? WHERE dataset_id = ?",
                    [SQLValue(try Self.profile(connection, dataset)), .text(dataset)]
                )
            }
            return deleted
        }
    }
}
