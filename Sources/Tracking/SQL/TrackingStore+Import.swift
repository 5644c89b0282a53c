import Core
package import Storage

/// What moving in from another server writes: ids, times and lengths are taken as they are.
extension TrackingStore {
    /// Largest id of another server that is kept; beyond it, ids are random numbers that would push ours up with them.
    private static let largestKeptID: Int64 = 999_999_999

    /// Finds or creates the experiment that takes in an imported one: `0` for `0`, else the one with the same name.
    ///
    /// Tags that are there already stay as they are. The id of the other server is kept if it is free; the one here is
    /// returned, and given to `also` in the same transaction.
    package func importExperiment(
        _ experiment: ImportedExperiment,
        also: @escaping @Sendable (Connection, String) throws -> Void = { _, _ in }
    ) async throws -> String {
        let isDefault = experiment.id == Experiment.defaultID
        return try await database.write { connection in
            let known = try connection.first(
                "SELECT experiment_id FROM experiments WHERE \(isDefault ? "experiment_id" : "name") = ?",
                [isDefault ? .integer(0) : .text(experiment.name)]
            )
            let number = try known?.int("experiment_id") ?? Self.freeExperimentNumber(connection, experiment.id)
            if known == nil {
                try Self.insertExperiment(
                    connection,
                    number: number,
                    name: experiment.name,
                    location: nil,
                    tags: [],
                    now: experiment.creationTime
                )
                let isDeleted = experiment.lifecycle == .deleted
                try connection.execute(
                    """
                    UPDATE experiments SET lifecycle_stage = ?, last_update_time = ?, deleted_time = ?
                    WHERE experiment_id = ?
                    """,
                    [
                        .text(experiment.lifecycle.rawValue), .integer(experiment.lastUpdateTime.milliseconds),
                        isDeleted ? .integer(experiment.lastUpdateTime.milliseconds) : .null, .integer(number),
                    ]
                )
            }
            for tag in experiment.tags {
                try connection.execute(
                    """
                    INSERT INTO experiment_tags (experiment_id, tag_key, tag_value) VALUES (?, ?, ?)
                    ON CONFLICT (experiment_id, tag_key) DO NOTHING
                    """,
                    [.integer(number), .text(tag.key), .text(tag.value)]
                )
            }
            try also(connection, String(number))
            return String(number)
        }
    }

    private static func freeExperimentNumber(_ connection: Connection, _ id: String) throws -> Int64 {
        if let number = try? TrackingRules.experimentNumber(id), number <= largestKeptID {
            let taken = try connection.first("SELECT name FROM experiments WHERE experiment_id = ?", [.integer(number)])
            if taken == nil { return number }
        }
        let last = try connection.first("SELECT COALESCE(MAX(experiment_id), 0) AS last FROM experiments")
        return try (last?.int("last") ?? 0) + 1
    }

    /// Writes a run and points of its metrics; what is there already stays as it is, its state is brought up to date.
    ///
    /// - Parameters:
    ///   - run: the run.
    ///   - experimentID: its experiment here.
    ///   - metrics: points, in any order and any number.
    ///   - isComplete: whether nothing is to follow. Until then a new run counts as deleted, so that nobody sees half.
    ///   - also: runs in the same transaction.
    /// - Throws: `alreadyExists` if a run with this id belongs to another experiment.
    package func importRun(
        _ run: ImportedRun,
        experimentID: String,
        metrics: [Metric],
        isComplete: Bool,
        also: @escaping @Sendable (Connection) throws -> Void = { _ in }
    ) async throws {
        let experiment = try TrackingRules.experimentNumber(experimentID)
        let (now, keys) = (clock.now, metricKeys)
        try await database.write { connection in
            let number = try Self.importedRunNumber(connection, run, experiment, now)
            try Self.putImported(connection, number, run)
            try Self.putMetrics(connection, number, run.id, metrics, keys)
            if isComplete { try Self.complete(connection, number, run, now) }
            try also(connection)
        }
    }

    /// Adds points to a run that is being imported.
    package func importMetrics(runID: String, _ metrics: [Metric]) async throws {
        let keys = metricKeys
        try await database.write { connection in
            guard let row = try connection.first("SELECT run_number FROM runs WHERE run_id = ?", [.text(runID)]) else {
                throw Self.noRun(runID)
            }
            try Self.putMetrics(connection, row.int("run_number"), runID, metrics, keys)
        }
    }

    /// Whether there is a run, deleted or not, complete or not.
    package func exists(run id: String) async throws -> Bool {
        try await database.read { connection in
            try connection.first("SELECT run_number FROM runs WHERE run_id = ?", [.text(id)]) != nil
        }
    }

    private static func importedRunNumber(
        _ connection: Connection,
        _ run: ImportedRun,
        _ experiment: Int64,
        _ now: Timestamp
    ) throws -> Int64 {
        let known = try connection.first(
            "SELECT run_number, experiment_id FROM runs WHERE run_id = ?",
            [.text(run.id)]
        )
        if let known {
            guard try known.int("experiment_id") == experiment else {
                throw MartletError(
                    .alreadyExists,
                    "Run \(run.id) is in experiment \(try known.int("experiment_id")) already, not in \(experiment)."
                )
            }
            return try known.int("run_number")
        }
        let last = try connection.first("SELECT COALESCE(MAX(run_number), 0) AS last FROM runs")
        let number = try (last?.int("last") ?? 0) + 1
        let location = try connection.first(
            "SELECT artifact_location FROM experiments WHERE experiment_id = ?",
            [.integer(experiment)]
        )
        guard let location else { throw noExperiment(String(experiment)) }
        let uri = try run.foreignArtifactURI ?? "\(folder(location.text("artifact_location")))\(run.id)/artifacts"
        try connection.execute(
            """
            INSERT INTO runs (run_number, run_id, experiment_id, run_name, user_id, status, start_time, end_time,
                artifact_uri, lifecycle_stage, deleted_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(number), .text(run.id), .integer(experiment), .text(run.name), .text(run.userID),
                .text(run.status.rawValue), .integer(run.startTime.milliseconds),
                SQLValue(run.endTime?.milliseconds), .text(uri), .text(Lifecycle.deleted.rawValue),
                .integer(now.milliseconds),
            ]
        )
        return number
    }

    private static func putImported(_ connection: Connection, _ number: Int64, _ run: ImportedRun) throws {
        for param in run.params {
            try connection.execute(
                """
                INSERT INTO run_params (run_number, param_key, param_value) VALUES (?, ?, ?)
                ON CONFLICT (run_number, param_key) DO NOTHING
                """,
                [.integer(number), .text(param.key), .text(param.value)]
            )
        }
        for tag in run.tags {
            try connection.execute(
                """
                INSERT INTO run_tags (run_number, tag_key, tag_value) VALUES (?, ?, ?)
                ON CONFLICT (run_number, tag_key) DO NOTHING
                """,
                [.integer(number), .text(tag.key), .text(tag.value)]
            )
        }
        for dataset in run.datasets { try putDataset(connection, number, dataset) }
        for modelID in run.modelInputs {
            try connection.execute(
                "INSERT INTO run_model_inputs (run_number, model_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
                [.integer(number), .text(modelID)]
            )
        }
        for (index, output) in run.modelOutputs.enumerated() {
            try connection.execute(
                """
                INSERT INTO run_model_outputs (run_number, position, model_id, step) VALUES (?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """,
                [.integer(number), .int(index + 1), .text(output.modelID), .integer(output.step)]
            )
        }
    }

    private static func complete(
        _ connection: Connection,
        _ number: Int64,
        _ run: ImportedRun,
        _ now: Timestamp
    ) throws {
        let deletedTime: SQLValue =
            run.lifecycle == .deleted ? .integer((run.deletedTime ?? now).milliseconds) : .null
        try connection.execute(
            """
            UPDATE runs SET run_name = ?, status = ?, end_time = ?, lifecycle_stage = ?, deleted_time = ?
            WHERE run_number = ?
            """,
            [
                .text(run.name), .text(run.status.rawValue), SQLValue(run.endTime?.milliseconds),
                .text(run.lifecycle.rawValue), deletedTime, .integer(number),
            ]
        )
    }

    /// Writes a logged model with everything that belongs to it; what is there already stays as it is.
    ///
    /// `also` runs in the same transaction.
    package func importLoggedModel(
        _ model: ImportedLoggedModel,
        experimentID: String,
        also: @escaping @Sendable (Connection) throws -> Void = { _ in }
    ) async throws {
        let number = try TrackingRules.experimentNumber(experimentID)
        try await database.write { connection in
            let experiment = try connection.first(
                "SELECT artifact_location FROM experiments WHERE experiment_id = ?",
                [.integer(number)]
            )
            guard let experiment else { throw Self.noExperiment(experimentID) }
            let folder = Self.folder(try experiment.text("artifact_location"))
            try connection.execute(
                """
                INSERT INTO logged_models (model_id, experiment_id, name, artifact_uri, status, model_type,
                    source_run_id, lifecycle_stage, creation_time, last_update_time)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (model_id) DO UPDATE SET status = excluded.status,
                    lifecycle_stage = excluded.lifecycle_stage, last_update_time = excluded.last_update_time
                """,
                [
                    .text(model.id), .integer(number), .text(model.name),
                    .text(model.foreignArtifactURI ?? "\(folder)models/\(model.id)/artifacts"),
                    .integer(model.status.rawValue), .text(model.modelType), SQLValue(model.sourceRunID),
                    .text(model.lifecycle.rawValue), .integer(model.creationTime.milliseconds),
                    .integer(model.lastUpdateTime.milliseconds),
                ]
            )
            try Self.putImported(connection, model)
            try also(connection)
        }
    }

    private static func putImported(_ connection: Connection, _ model: ImportedLoggedModel) throws {
        let pairs =
            model.params.map { ("param", $0.key, $0.value) } + model.tags.map { ("tag", $0.key, $0.value) }
        for (what, key, value) in pairs {
            try connection.execute(
                """
                INSERT INTO logged_model_\(what)s (model_id, \(what)_key, \(what)_value) VALUES (?, ?, ?)
                ON CONFLICT (model_id, \(what)_key) DO NOTHING
                """,
                [.text(model.id), .text(key), .text(value)]
            )
        }
        for point in model.metrics {
            let stored = StoredValue(point.metric.value)
            try connection.execute(
                """
                INSERT INTO logged_model_metrics (model_id, metric_key, metric_time, step, run_id, metric_value, is_nan,
                    dataset_name, dataset_digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """,
                [
                    .text(model.id), .text(point.metric.key), .integer(point.metric.timestamp.milliseconds),
                    .integer(point.metric.step), .text(point.runID), .real(stored.value), .bool(stored.isNaN),
                    .text(point.metric.datasetName ?? ""), .text(point.metric.datasetDigest ?? ""),
                ]
            )
        }
    }
}
