import Core
package import Registry
import Storage
import Tracking

/// Logged and registered models in MLflow's tables.
extension SQLiteSource {
    /// The logged models of an experiment.
    package func loggedModels(of experiment: String) async throws -> [SourceItem<SourceLoggedModel>] {
        guard let number = Int64(experiment) else { return [] }
        let locator = locator
        return try await reading { connection in
            // Tables of version 3.0.
            guard try !Self.columns(connection, "logged_models").isEmpty else { return [] }
            let rows = try connection.query(
                "SELECT * FROM logged_models WHERE experiment_id = ? ORDER BY creation_timestamp_ms, model_id",
                [.integer(number)]
            )
            return rows.map { row in
                SourceItem.reading("logged model \(row.optionalText("model_id") ?? "")") {
                    try Self.loggedModel(connection, row, experiment, locator)
                }
            }
        }
    }

    private static func loggedModel(
        _ connection: Connection,
        _ row: Row,
        _ experiment: String,
        _ locator: ArtifactLocator
    ) throws -> SourceLoggedModel {
        let id = try row.text("model_id")
        func pairs(_ what: String) throws -> [(String, String)] {
            try connection.query(
                "SELECT * FROM logged_model_\(what)s WHERE model_id = ? ORDER BY \(what)_key",
                [.text(id)]
            ).map { (try $0.text("\(what)_key"), $0.optionalText("\(what)_value") ?? "") }
        }
        let points = try connection.query(
            "SELECT * FROM logged_model_metrics WHERE model_id = ? ORDER BY metric_name, metric_timestamp_ms",
            [.text(id)]
        )
        let metrics = try points.map { point in
            LoggedModelMetric(
                metric: Metric(
                    key: try point.text("metric_name"),
                    // MLflow keeps no mark for NaN here; it stores 0.
                    value: point.optionalDouble("metric_value") ?? .nan,
                    timestamp: try point.timestamp("metric_timestamp_ms"),
                    step: try point.int("metric_step"),
                    modelID: id,
                    datasetName: point.optionalText("dataset_name"),
                    datasetDigest: point.optionalText("dataset_digest")
                ),
                runID: point.optionalText("run_id") ?? ""
            )
        }
        let place = locator.place(
            row.optionalText("artifact_location") ?? "",
            tail: [experiment, "models", id, "artifacts"]
        )
        let model = ImportedLoggedModel(
            id: id,
            name: row.optionalText("name") ?? "",
            creationTime: try row.timestamp("creation_timestamp_ms"),
            lastUpdateTime: try row.timestamp("last_updated_timestamp_ms"),
            status: row.optionalInt("status").flatMap(LoggedModel.Status.init(rawValue:)) ?? .pending,
            modelType: row.optionalText("model_type") ?? "",
            sourceRunID: row.optionalText("source_run_id"),
            lifecycle: row.optionalText("lifecycle_stage") == "deleted" ? .deleted : .active,
            foreignArtifactURI: place.foreignURI,
            tags: try pairs("tag").map { Tag(key: $0, value: $1) },
            params: try pairs("param").map { Param(key: $0, value: $1) },
            metrics: metrics
        )
        return SourceLoggedModel(model: model, place: place)
    }

    /// The registered models with their versions.
    package func registeredModels() async throws -> [SourceItem<ImportedModel>] {
        try await reading { connection in
            let hasWorkspaces = try Self.columns(connection, "registered_models").contains("workspace")
            // Tables of version 2.3.
            let hasAliases = try !Self.columns(connection, "registered_model_aliases").isEmpty
            let space = hasWorkspaces ? " AND workspace = 'default'" : ""
            let rows = try connection.query("SELECT * FROM registered_models WHERE 1 = 1\(space) ORDER BY name")
            return rows.map { row in
                SourceItem.reading("model \(row.optionalText("name") ?? "")") {
                    try Self.model(connection, row, space, hasAliases)
                }
            }
        }
    }

    private static func model(
        _ connection: Connection,
        _ row: Row,
        _ space: String,
        _ hasAliases: Bool
    ) throws -> ImportedModel {
        let name = try row.text("name")
        func rows(_ table: String, _ order: String) throws -> [Row] {
            try connection.query("SELECT * FROM \(table) WHERE name = ?\(space) ORDER BY \(order)", [.text(name)])
        }
        let created = row.optionalTimestamp("creation_time") ?? Timestamp(milliseconds: 0)
        var tags: [Int64: [ModelTag]] = [:]
        for tag in try rows("model_version_tags", "key") {
            tags[try tag.int("version"), default: []].append(
                ModelTag(key: try tag.text("key"), value: tag.optionalText("value") ?? "")
            )
        }
        return ImportedModel(
            name: name,
            description: row.optionalText("description"),
            creationTime: created,
            lastUpdateTime: row.optionalTimestamp("last_updated_time") ?? created,
            tags: try rows("registered_model_tags", "key").map {
                ModelTag(key: try $0.text("key"), value: $0.optionalText("value") ?? "")
            },
            aliases: hasAliases
                ? try rows("registered_model_aliases", "alias").map {
                    ModelAlias(name: try $0.text("alias"), version: Int(try $0.int("version")))
                } : [],
            versions: try rows("model_versions", "version").map { version in
                try Self.version(version, tags: tags[try version.int("version")] ?? [])
            }
        )
    }

    private static func version(_ row: Row, tags: [ModelTag]) throws -> ImportedVersion {
        let stage = row.optionalText("current_stage") ?? "None"
        let created = row.optionalTimestamp("creation_time") ?? Timestamp(milliseconds: 0)
        let source = row.optionalText("source") ?? ""
        return ImportedVersion(
            version: Int(try row.int("version")),
            isDeleted: stage == deletedStage,
            creationTime: created,
            lastUpdateTime: row.optionalTimestamp("last_updated_time") ?? created,
            description: row.optionalText("description") ?? "",
            stage: ModelVersion.Stage(rawValue: stage) ?? .none,
            source: source,
            artifactURI: row.optionalText("storage_location") ?? source,
            runID: row.optionalText("run_id") ?? "",
            runLink: row.optionalText("run_link") ?? "",
            tags: tags
        )
    }

    /// The stage that marks a deleted version.
    static let deletedStage = "Deleted_Internal"
}
