import Core
import Crypto
import Foundation
import Storage

/// Evaluation datasets: create, read, search, tag, join to experiments, delete.
extension EvaluationStore {
    /// Creates a dataset without records; `tags` is a JSON object as text.
    ///
    /// - Throws: `invalidArgument`.
    package func createDataset(
        name: String,
        experiments: [String] = [],
        tags: String? = nil
    ) async throws -> EvaluationDataset {
        try EvaluationRules.checkDatasetName(name)
        let experiments = try EvaluationRules.experiments(experiments)
        let tags = try tags.map { try EvaluationRules.tags($0) } ?? []
        let user = tags.first { $0.key == "mlflow.user" }?.value
        let now = clock.now
        let id = "d-" + Identifier.random()
        return try await database.write { connection in
            try connection.execute(
                """
                INSERT INTO evaluation_datasets (dataset_id, name, digest, last_record, creation_time, last_update_time,
                    created_by, last_updated_by) VALUES (?, ?, ?, 0, ?, ?, ?, ?)
                """,
                [
                    .text(id), .text(name), .text(Self.digest(name, now)), .integer(now.milliseconds),
                    .integer(now.milliseconds), SQLValue(user), SQLValue(user),
                ]
            )
            for tag in tags { try Self.putTag(connection, id, tag) }
            for experiment in experiments { try Self.join(connection, id, experiment) }
            connection.note(Change(object: "evaluation_dataset:\(id)", before: nil, after: ["name": .string(name)]))
            return try Self.dataset(connection, id)
        }
    }

    /// A dataset.
    ///
    /// - Throws: `notFound`.
    package func dataset(_ id: String) async throws -> EvaluationDataset {
        try await database.read { try Self.dataset($0, id) }
    }

    /// Deletes a dataset with its records; nothing happens if there is none.
    package func deleteDataset(_ id: String) async throws {
        try await database.write { connection in
            connection.note(Change(object: "evaluation_dataset:\(id)", before: nil, after: nil))
            let tables = [
                "evaluation_dataset_records", "evaluation_dataset_experiments", "evaluation_dataset_tags",
                "evaluation_datasets",
            ]
            for table in tables {
                try connection.execute("DELETE FROM \(table) WHERE dataset_id = ?", [.text(id)])
            }
        }
    }

    /// Finds datasets, the newest first if no order is given.
    ///
    /// - Throws: `invalidArgument` naming what is wrong with the filter, the order, the limit or the token.
    package func searchDatasets(
        experiments: [String] = [],
        filter: String? = nil,
        order: [String] = [],
        limit: Int = EvaluationsLimits.defaultSearchResults,
        after token: String? = nil
    ) async throws -> (datasets: [EvaluationDataset], nextToken: String?) {
        guard (1...EvaluationsLimits.searchResults).contains(limit) else {
            throw MartletError(
                .invalidArgument,
                "Invalid value \(limit) for parameter 'max_results' supplied: It must be between 1 and "
                    + "\(EvaluationsLimits.searchResults)."
            )
        }
        let experiments = try EvaluationRules.experiments(experiments)
        let search = try DatasetSearch(
            experiments: experiments,
            filter: SearchFilter.parse(filter),
            order: SearchOrder.parse(order)
        )
        let page = KeysetPage(
            keys: search.keys,
            limit: limit,
            query: ["evaluation datasets", filter ?? ""] + experiments
        )
        return try await database.read { connection in
            let result = try page.rows(
                connection,
                columns: "d.*",
                source: SQLFragment("evaluation_datasets d"),
                condition: search.condition,
                after: token
            )
            return (try Self.datasets(connection, result.rows), result.nextToken)
        }
    }

    /// Sets tags, given as a JSON object in a text.
    ///
    /// - Throws: `notFound`, `invalidArgument`.
    package func setDatasetTags(_ id: String, _ tags: String) async throws -> EvaluationDataset {
        let tags = try EvaluationRules.tags(tags)
        return try await database.write { connection in
            try Self.require(connection, id, "Could not find evaluation dataset with ID \(id.prefix(80))")
            for tag in tags { try Self.putTag(connection, id, tag) }
            return try Self.dataset(connection, id)
        }
    }

    /// Deletes a tag; nothing happens if there is no such tag or dataset.
    package func deleteDatasetTag(_ id: String, key: String) async throws {
        try await database.write { connection in
            _ = try connection.execute(
                "DELETE FROM evaluation_dataset_tags WHERE dataset_id = ? AND tag_key = ?",
                [.text(id), .text(key)]
            )
        }
    }

    /// The experiments that a dataset belongs to; none if there is no such dataset.
    package func experiments(ofDataset id: String) async throws -> [String] {
        try await database.read { connection in
            let rows = try connection.query(
                "SELECT experiment_id FROM evaluation_dataset_experiments WHERE dataset_id = ? ORDER BY experiment_id",
                [.text(id)]
            )
            return try rows.map { try $0.text("experiment_id") }
        }
    }

    /// Lets a dataset belong to more experiments.
    ///
    /// - Throws: `notFound` for the dataset or an experiment.
    package func addDataset(_ id: String, to experiments: [String]) async throws -> EvaluationDataset {
        let experiments = try EvaluationRules.experiments(experiments)
        let known = try await sources.active(experiments)
        let now = clock.now
        return try await database.write { connection in
            try Self.require(connection, id, "Dataset '\(id.prefix(80))' not found")
            if let missing = experiments.first(where: { !known.contains($0) }) {
                throw MartletError(.notFound, "No Experiment with id=\(missing)")
            }
            for experiment in experiments { try Self.join(connection, id, experiment) }
            try Self.touch(connection, id, now)
            return try Self.dataset(connection, id)
        }
    }

    /// Lets a dataset belong to experiments no more; those that it does not belong to are passed over.
    ///
    /// - Throws: `notFound` for the dataset.
    package func removeDataset(_ id: String, from experiments: [String]) async throws -> EvaluationDataset {
        let experiments = try EvaluationRules.experiments(experiments)
        let now = clock.now
        return try await database.write { connection in
            try Self.require(connection, id, "Dataset '\(id.prefix(80))' not found")
            let list = SQLFragment.isIn("experiment_id", experiments.map(SQLValue.text))
            let removed = try connection.execute(
                "DELETE FROM evaluation_dataset_experiments WHERE dataset_id = ? AND \(list.sql)",
                [.text(id)] + list.arguments
            )
            if removed > 0 { try Self.touch(connection, id, now) }
            return try Self.dataset(connection, id)
        }
    }

    static func require(_ connection: Connection, _ id: String, _ message: String) throws {
        let row = try connection.first(
            "SELECT dataset_id FROM evaluation_datasets WHERE dataset_id = ?",
            [.text(id)]
        )
        guard row != nil else { throw MartletError(.notFound, message) }
    }

    static func noDataset(_ id: String) -> String {
        "Evaluation dataset with id '\(id.prefix(80))' not found"
    }

    static func dataset(_ connection: Connection, _ id: String) throws -> EvaluationDataset {
        let rows = try connection.query("SELECT * FROM evaluation_datasets WHERE dataset_id = ?", [.text(id)])
        guard let dataset = try datasets(connection, rows).first else {
            throw MartletError(.notFound, noDataset(id))
        }
        return dataset
    }

    private static func datasets(_ connection: Connection, _ rows: [Row]) throws -> [EvaluationDataset] {
        var tags: [String: [(key: String, value: String)]] = [:]
        for start in stride(from: 0, to: rows.count, by: EvaluationsLimits.batchRows) {
            let batch = rows[start..<min(start + EvaluationsLimits.batchRows, rows.count)]
            let list = SQLFragment.isIn("dataset_id", try batch.map { .text(try $0.text("dataset_id")) })
            let found = try connection.query(
                "SELECT * FROM evaluation_dataset_tags WHERE \(list.sql) ORDER BY dataset_id, tag_key",
                list.arguments
            )
            for row in found {
                let tag = (key: try row.text("tag_key"), value: try row.text("tag_value"))
                tags[try row.text("dataset_id"), default: []].append(tag)
            }
        }
        return try rows.map { row in
            let id = try row.text("dataset_id")
            return EvaluationDataset(
                id: id,
                name: try row.text("name"),
                tags: tags[id] ?? [],
                schema: row.optionalText("record_schema"),
                profile: row.optionalText("profile"),
                digest: try row.text("digest"),
                creationTime: try row.timestamp("creation_time"),
                lastUpdateTime: try row.timestamp("last_update_time"),
                createdBy: row.optionalText("created_by"),
                lastUpdatedBy: row.optionalText("last_updated_by")
            )
        }
    }

    /// The first eight digits of a hash that changes with every change.
    static func digest(_ name: String, _ time: Timestamp) -> String {
        hash("\(name):\(time.milliseconds)", bytes: 4)
    }

    /// The first bytes of a text's SHA-256, in hexadecimal.
    static func hash(_ text: String, bytes: Int = 32) -> String {
        SHA256.hash(data: Data(text.utf8)).prefix(bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func putTag(_ connection: Connection, _ id: String, _ tag: (key: String, value: String)) throws {
        try connection.execute(
            """
            INSERT INTO evaluation_dataset_tags (dataset_id, tag_key, tag_value) VALUES (?, ?, ?)
            ON CONFLICT (dataset_id, tag_key) DO UPDATE SET tag_value = excluded.tag_value
            """,
            [.text(id), .text(tag.key), .text(tag.value)]
        )
    }

    private static func join(_ connection: Connection, _ id: String, _ experiment: String) throws {
        try connection.execute(
            """
            INSERT INTO evaluation_dataset_experiments (dataset_id, experiment_id) VALUES (?, ?)
            ON CONFLICT (dataset_id, experiment_id) DO NOTHING
            """,
            [.text(id), .text(experiment)]
        )
    }

    private static func touch(_ connection: Connection, _ id: String, _ now: Timestamp) throws {
        try connection.execute(
            "UPDATE evaluation_datasets SET last_update_time = ? WHERE dataset_id = ?",
            [.integer(now.milliseconds), .text(id)]
        )
    }
}
