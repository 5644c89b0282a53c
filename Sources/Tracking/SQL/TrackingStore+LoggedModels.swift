package import Artifacts
import Core
import Storage

/// Logged models: create, finish, read, tag, delete.
extension TrackingStore {
    /// Creates a logged model whose files are still to come.
    ///
    /// - Throws: `notFound` for the experiment, `invalidArgument` for a name or when it is deleted.
    package func createLoggedModel(
        experimentID: String,
        name: String? = nil,
        modelType: String = "",
        sourceRunID: String? = nil,
        params: [Param] = [],
        tags: [Tag] = []
    ) async throws -> LoggedModel {
        let number = try TrackingRules.experimentNumber(experimentID)
        let name = name.flatMap { $0.isEmpty ? nil : $0 } ?? RunNames.random()
        try TrackingRules.checkLoggedModelName(name)
        try TrackingRules.checkLength(modelType, atMost: TrackingLimits.nameCharacters, "model_type")
        try Self.checkItems(params: params, tags: tags)
        let (id, now) = ("m-" + Identifier.random(), clock.now)
        return try await database.write { connection in
            let experiment = try connection.first(
                "SELECT artifact_location, lifecycle_stage FROM experiments WHERE experiment_id = ?",
                [.integer(number)]
            )
            guard let experiment else { throw Self.noExperiment(experimentID) }
            try Self.requireActive(experiment: experimentID, Self.lifecycle(experiment))
            let location = try experiment.text("artifact_location")
            try connection.execute(
                """
                INSERT INTO logged_models (model_id, experiment_id, name, artifact_uri, status, model_type,
                    source_run_id, lifecycle_stage, creation_time, last_update_time)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(id), .integer(number), .text(name),
                    .text(ArtifactLocation.appending("models/\(id)/artifacts", to: location)),
                    .integer(LoggedModel.Status.pending.rawValue), .text(modelType), SQLValue(sourceRunID),
                    .text(Lifecycle.active.rawValue), .integer(now.milliseconds), .integer(now.milliseconds),
                ]
            )
            try Self.put(connection, id, params: params)
            try Self.put(connection, id, tags: tags)
            return try Self.loggedModel(connection, id)
        }
    }

    /// A logged model.
    ///
    /// - Throws: `notFound`, also if it is deleted and `includingDeleted` is false.
    package func loggedModel(_ id: String, includingDeleted: Bool = false) async throws -> LoggedModel {
        try await database.read { try Self.loggedModel($0, id, includingDeleted: includingDeleted) }
    }

    static func loggedModel(
        _ connection: Connection,
        _ id: String,
        includingDeleted: Bool = false
    ) throws -> LoggedModel {
        let row = try connection.first("SELECT * FROM logged_models WHERE model_id = ?", [.text(id)])
        guard let row, try includingDeleted || lifecycle(row) == .active else { throw noLoggedModel(id) }
        return try loggedModels(connection, [row])[0]
    }

    static func noLoggedModel(_ id: String) -> MartletError {
        MartletError(.notFound, "Logged model with ID '\(id.prefix(80))' not found.")
    }

    /// Says that a logged model's files are complete, or that they never will be.
    ///
    /// - Throws: `notFound`.
    package func finalizeLoggedModel(_ id: String, _ status: LoggedModel.Status) async throws -> LoggedModel {
        let now = clock.now
        return try await changeLoggedModel(id) { connection in
            try connection.execute(
                "UPDATE logged_models SET status = ?, last_update_time = ? WHERE model_id = ?",
                [.integer(status.rawValue), .integer(now.milliseconds), .text(id)]
            )
            return try Self.loggedModel(connection, id, includingDeleted: true)
        }
    }

    /// Sets tags of a logged model.
    ///
    /// - Throws: `notFound`, `invalidArgument`.
    package func setLoggedModelTags(_ id: String, _ tags: [Tag]) async throws {
        try Self.checkItems(params: [], tags: tags)
        try await changeLoggedModel(id) { try Self.put($0, id, tags: tags) }
    }

    /// Deletes a tag of a logged model.
    ///
    /// - Throws: `notFound`, also if there is no such tag.
    package func deleteLoggedModelTag(_ id: String, key: String) async throws {
        try await changeLoggedModel(id) { connection in
            let deleted = try connection.execute(
                "DELETE FROM logged_model_tags WHERE model_id = ? AND tag_key = ?",
                [.text(id), .text(key)]
            )
            guard deleted > 0 else {
                throw MartletError(.notFound, "No tag with key '\(key)' found for model with ID '\(id)'.")
            }
        }
    }

    /// Notes in the tag `mlflow.modelVersions` that a logged model became a version of a registered model.
    ///
    /// - Throws: `notFound`.
    package func recordRegistration(of id: String, as name: String, version: Int) async throws {
        try await changeLoggedModel(id) { connection in
            let row = try connection.first(
                "SELECT tag_value FROM logged_model_tags WHERE model_id = ? AND tag_key = ?",
                [.text(id), .text(TagKey.modelVersions)]
            )
            // Clients write this tag, too; what is no list any more is replaced.
            let earlier = row?.optionalText("tag_value").flatMap { try? JSONValue.parse($0).arrayValue } ?? []
            let entry: JSONValue = ["name": .string(name), "version": .int(version)]
            let value = PythonJSON.text(.array(earlier + [entry]))
            try Self.put(connection, id, tags: [Tag(key: TagKey.modelVersions, value: value)])
        }
    }

    /// Adds params to a logged model: all of them or, on any error, none.
    ///
    /// - Throws: `notFound`, `invalidArgument`, also for a param that is there with another value.
    package func logLoggedModelParams(_ id: String, _ params: [Param]) async throws {
        try Self.checkItems(params: params, tags: [])
        try await changeLoggedModel(id) { try Self.put($0, id, params: params) }
    }

    /// Deletes a logged model; its record and files stay.
    ///
    /// - Throws: `notFound`.
    package func deleteLoggedModel(_ id: String) async throws {
        let now = clock.now
        _ = try await changeLoggedModel(id) { connection in
            connection.note(
                Change(object: "logged_model:\(id)", before: nil, after: ["lifecycle_stage": "deleted"])
            )
            return try connection.execute(
                "UPDATE logged_models SET lifecycle_stage = ?, last_update_time = ? WHERE model_id = ?",
                [.text(Lifecycle.deleted.rawValue), .integer(now.milliseconds), .text(id)]
            )
        }
    }

    /// Where a logged model's files lie in the store.
    ///
    /// - Throws: `notFound`; `failedPrecondition` if they are kept in an object store that clients reach themselves.
    package func artifactRoot(modelID: String) async throws -> ArtifactPath {
        try Self.storePath(try await loggedModel(modelID).artifactURI)
    }

    /// Runs a change of a logged model, deleted or not: as with MLflow, deletion only hides it.
    private func changeLoggedModel<Value: Sendable>(
        _ id: String,
        _ change: @escaping @Sendable (Connection) throws -> Value
    ) async throws -> Value {
        try await database.write { connection in
            try Self.requireLoggedModel(connection, id)
            return try change(connection)
        }
    }

    private static func requireLoggedModel(_ connection: Connection, _ id: String) throws {
        let row = try connection.first("SELECT model_id FROM logged_models WHERE model_id = ?", [.text(id)])
        guard row != nil else { throw noLoggedModel(id) }
    }

    private static func checkItems(params: [Param], tags: [Tag]) throws(MartletError) {
        guard params.count <= TrackingLimits.loggedModelItems, tags.count <= TrackingLimits.loggedModelItems else {
            throw MartletError(
                .invalidArgument,
                "A request on a logged model can contain at most \(TrackingLimits.loggedModelItems) params or tags."
            )
        }
        // The keys of a model's params come from its code: MLflow takes any characters.
        for (index, param) in params.enumerated() { try check(param.key, param.value, "params[\(index)].") }
        for (index, tag) in tags.enumerated() { try check(tag.key, tag.value, "tags[\(index)].") }
    }

    private static func check(_ key: String, _ value: String, _ place: String) throws(MartletError) {
        try TrackingRules.checkLength(key, atMost: TrackingLimits.loggedModelKeyCharacters, place + "key")
        try TrackingRules.checkLength(value, atMost: TrackingLimits.loggedModelValueCharacters, place + "value")
    }

    private static func put(_ connection: Connection, _ id: String, params: [Param]) throws {
        for param in params {
            let inserted = try connection.execute(
                """
                INSERT INTO logged_model_params (model_id, param_key, param_value) VALUES (?, ?, ?)
                ON CONFLICT (model_id, param_key) DO NOTHING
                """,
                [.text(id), .text(param.key), .text(param.value)]
            )
            if inserted > 0 { continue }
            let row = try connection.first(
                "SELECT param_value FROM logged_model_params WHERE model_id = ? AND param_key = ?",
                [.text(id), .text(param.key)]
            )
            let stored = try row?.text("param_value") ?? ""
            guard stored == param.value else {
                throw MartletError(
                    .invalidArgument,
                    "Changing param values is not allowed. Param with key='\(param.key)' was already logged with "
                        + "value='\(stored.prefix(200))' for model ID='\(id)'."
                )
            }
        }
    }

    private static func put(_ connection: Connection, _ id: String, tags: [Tag]) throws {
        for tag in tags {
            try connection.execute(
                """
                INSERT INTO logged_model_tags (model_id, tag_key, tag_value) VALUES (?, ?, ?)
                ON CONFLICT (model_id, tag_key) DO UPDATE SET tag_value = excluded.tag_value
                """,
                [.text(id), .text(tag.key), .text(tag.value)]
            )
        }
    }

    /// Records a point of a run's metric as one of the logged model that it judges.
    static func putModelMetric(_ connection: Connection, _ modelID: String, _ runID: String, _ metric: Metric) throws {
        try requireLoggedModel(connection, modelID)
        let stored = StoredValue(metric.value)
        try connection.execute(
            """
            INSERT INTO logged_model_metrics (model_id, metric_key, metric_time, step, run_id, metric_value, is_nan,
                dataset_name, dataset_digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING
            """,
            [
                .text(modelID), .text(metric.key), .integer(metric.timestamp.milliseconds), .integer(metric.step),
                .text(runID), .real(stored.value), .bool(stored.isNaN), .text(metric.datasetName ?? ""),
                .text(metric.datasetDigest ?? ""),
            ]
        )
    }
}
