import Core
import Storage

/// What runs read and made: datasets and logged models.
extension TrackingStore {
    /// Records datasets and logged models that an active run reads.
    ///
    /// A dataset that the run is known to read stays as it is, and so do its tags.
    ///
    /// - Throws: `notFound`, `invalidArgument` past the limits of `TrackingLimits`.
    package func logInputs(
        runID: String,
        datasets: [DatasetInput] = [],
        modelIDs: [String] = []
    ) async throws {
        try TrackingRules.checkRunID(runID)
        try Self.checkCount(datasets.count + modelIDs.count, "datasets and models")
        for (index, dataset) in datasets.enumerated() { try Self.check(dataset, "datasets[\(index)]") }
        try await changeRun(runID) { connection, number in
            for dataset in datasets { try Self.putDataset(connection, number, dataset) }
            for modelID in modelIDs {
                try connection.execute(
                    "INSERT INTO run_model_inputs (run_number, model_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
                    [.integer(number), .text(modelID)]
                )
            }
        }
    }

    /// Records logged models that an active run made; the same one may be made at several steps.
    ///
    /// - Throws: `notFound`, `invalidArgument` past the limits of `TrackingLimits`.
    package func logOutputs(runID: String, models: [ModelOutput]) async throws {
        try Self.checkCount(models.count, "models")
        try await changeRun(runID) { connection, number in
            let last = try connection.first(
                "SELECT COALESCE(MAX(position), 0) AS last FROM run_model_outputs WHERE run_number = ?",
                [.integer(number)]
            )
            var position = try last?.int("last") ?? 0
            for model in models {
                position += 1
                try connection.execute(
                    "INSERT INTO run_model_outputs (run_number, position, model_id, step) VALUES (?, ?, ?, ?)",
                    [.integer(number), .integer(position), .text(model.modelID), .integer(model.step)]
                )
            }
        }
    }

    /// The different datasets that runs of some experiments read.
    package func datasets(
        inExperiments ids: [String]
    ) async throws -> [(experimentID: String, name: String, digest: String, context: String?)] {
        guard !ids.isEmpty else {
            throw MartletError(.invalidArgument, "SearchDatasets request must specify at least one experiment_id.")
        }
        guard ids.count <= TrackingLimits.datasetSearchExperiments else {
            throw MartletError(
                .invalidArgument,
                "SearchDatasets request cannot specify more than \(TrackingLimits.datasetSearchExperiments) "
                    + "experiment_ids. Received \(ids.count) experiment_ids."
            )
        }
        let numbers = try ids.map { SQLValue.integer(try TrackingRules.experimentNumber($0)) }
        let condition = SQLFragment.isIn("d.experiment_id", numbers)
        return try await database.read { connection in
            let rows = try connection.query(
                """
                SELECT DISTINCT d.experiment_id, d.name, d.digest, t.tag_value AS context FROM input_datasets d
                JOIN run_datasets u ON u.dataset_number = d.dataset_number
                LEFT JOIN run_dataset_tags t ON t.dataset_number = d.dataset_number AND t.run_number = u.run_number
                    AND t.tag_key = ?
                WHERE \(condition.sql) ORDER BY d.experiment_id, d.name, d.digest LIMIT ?
                """,
                [.text(TagKey.context)] + condition.arguments + [.int(TrackingLimits.datasetSearchResults)]
            )
            return try rows.map { row in
                (
                    String(try row.int("experiment_id")), try row.text("name"), try row.text("digest"),
                    row.optionalText("context")
                )
            }
        }
    }

    private static func checkCount(_ count: Int, _ what: String) throws(MartletError) {
        guard count <= TrackingLimits.inputs else {
            throw MartletError(
                .invalidArgument,
                "At most \(TrackingLimits.inputs) \(what) can be logged at once. Got \(count)."
            )
        }
    }

    private static func check(_ dataset: DatasetInput, _ place: String) throws(MartletError) {
        let texts: [(String, String, Int)] = [
            (dataset.name, "name", TrackingLimits.datasetNameCharacters),
            (dataset.digest, "digest", TrackingLimits.datasetDigestCharacters),
            (dataset.source, "source", TrackingLimits.datasetSourceCharacters),
            (dataset.schema ?? "", "schema", TrackingLimits.datasetSchemaCharacters),
            (dataset.profile ?? "", "profile", TrackingLimits.datasetProfileCharacters),
        ]
        for (text, field, limit) in texts {
            try TrackingRules.checkLength(text, atMost: limit, field, in: "\(place).dataset")
        }
        for (index, tag) in dataset.tags.enumerated() {
            let place = "\(place).tags[\(index)]"
            try TrackingRules.checkLength(tag.key, atMost: TrackingLimits.inputTagKeyCharacters, "key", in: place)
            try TrackingRules.checkLength(tag.value, atMost: TrackingLimits.inputTagValueCharacters, "value", in: place)
        }
    }

    static func putDataset(_ connection: Connection, _ number: Int64, _ dataset: DatasetInput) throws {
        let datasetNumber = try datasetNumber(connection, number, dataset)
        let last = try connection.first(
            "SELECT COALESCE(MAX(position), 0) AS last FROM run_datasets WHERE run_number = ?",
            [.integer(number)]
        )
        let linked = try connection.execute(
            """
            INSERT INTO run_datasets (run_number, dataset_number, position) VALUES (?, ?, ?)
            ON CONFLICT (run_number, dataset_number) DO NOTHING
            """,
            [.integer(number), .integer(datasetNumber), .integer((last?.int("last") ?? 0) + 1)]
        )
        guard linked > 0 else { return }
        for tag in dataset.tags {
            try connection.execute(
                """
                INSERT INTO run_dataset_tags (run_number, dataset_number, tag_key, tag_value) VALUES (?, ?, ?, ?)
                ON CONFLICT (run_number, dataset_number, tag_key) DO UPDATE SET tag_value = excluded.tag_value
                """,
                [.integer(number), .integer(datasetNumber), .text(tag.key), .text(tag.value)]
            )
        }
    }

    private static func datasetNumber(
        _ connection: Connection,
        _ run: Int64,
        _ dataset: DatasetInput
    ) throws -> Int64 {
        guard let row = try connection.first("SELECT experiment_id FROM runs WHERE run_number = ?", [.integer(run)])
        else {
            throw MartletError(.internal, "A run vanished while its inputs were logged.")
        }
        let experiment = SQLValue.integer(try row.int("experiment_id"))
        let known = try connection.first(
            "SELECT dataset_number FROM input_datasets WHERE experiment_id = ? AND name = ? AND digest = ?",
            [experiment, .text(dataset.name), .text(dataset.digest)]
        )
        if let known { return try known.int("dataset_number") }
        let last = try connection.first("SELECT COALESCE(MAX(dataset_number), 0) AS last FROM input_datasets")
        let number = try (last?.int("last") ?? 0) + 1
        try connection.execute(
            """
            INSERT INTO input_datasets (dataset_number, experiment_id, name, digest, source_type, source,
                dataset_schema, profile) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(number), experiment, .text(dataset.name), .text(dataset.digest), .text(dataset.sourceType),
                .text(dataset.source), SQLValue(dataset.schema), SQLValue(dataset.profile),
            ]
        )
        return number
    }
}
