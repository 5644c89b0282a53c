import Core
import Registry
package import Tracking

/// Moving in from a server that speaks MLflow's REST protocol.
package struct RESTSource: ImportSource {
    let client: RESTClient
    let prefix = "/api/2.0/mlflow"

    /// A source over a client.
    package init(client: RESTClient) {
        self.client = client
    }

    package var title: String { "the server at \(client.address)" }
    package var identity: String { client.address }
    package var files: SourceFiles { SourceFiles(server: client) }

    package func check() async throws -> SourceFacts {
        let answer = try await client.post("\(prefix)/experiments/search", ["max_results": 1])
        guard answer.objectValue != nil else {
            throw MartletError(.invalidArgument, "\(client.address) is no MLflow server.")
        }
        let version = try? await client.get("/version")
        return SourceFacts(version: version?.stringValue ?? "MLflow")
    }

    package func experiments() async throws -> [SourceItem<ImportedExperiment>] {
        try await all("experiments") { token in
            try await client.post(
                "\(prefix)/experiments/search",
                Self.body(["max_results": .int(ImportsLimits.pageItems), "view_type": "ALL"], token)
            )
        }.map { value in
            SourceItem.reading(value.optionalText("name") ?? "an experiment") {
                let updated = value.optionalTime("last_update_time")
                let created = value.optionalTime("creation_time") ?? updated ?? Timestamp(milliseconds: 0)
                return ImportedExperiment(
                    id: try value.text("experiment_id"),
                    name: try value.text("name"),
                    lifecycle: value.lifecycle("lifecycle_stage"),
                    creationTime: created,
                    lastUpdateTime: updated ?? created,
                    tags: try value.tags("tags")
                )
            }
        }.sorted { Self.number($0) < Self.number($1) }
    }

    private static func number(_ item: SourceItem<ImportedExperiment>) -> Int64 {
        if case .found(let experiment) = item { Int64(experiment.id) ?? .max } else { .max }
    }

    static func body(_ body: JSONObject, _ token: String?) -> JSONObject {
        var body = body
        body["page_token"] = token.map(JSONValue.string)
        return body
    }

    /// Every entry of a paged list.
    func all(
        _ key: String,
        _ page: (_ token: String?) async throws -> JSONValue
    ) async throws -> [SourceFields] {
        var items: [SourceFields] = []
        var token: String?
        repeat {
            let answer = SourceFields(try await page(token))
            items += answer.array(key)
            // A server that repeats its token would keep us here for ever.
            let next = answer.optionalText("next_page_token").flatMap { $0.isEmpty ? nil : $0 }
            token = next == token ? nil : next
        } while token != nil
        return items
    }

    package func loggedModels(of experiment: String) async throws -> [SourceItem<SourceLoggedModel>] {
        let models: [SourceFields]
        do {
            models = try await all("models") { token in
                try await client.post(
                    "\(prefix)/logged-models/search",
                    Self.body(
                        ["experiment_ids": [.string(experiment)], "max_results": .int(ImportsLimits.pageItems / 4)],
                        token
                    )
                )
            }
        } catch let error as MartletError where [.notFound, .unimplemented].contains(error.code) {
            // Servers before version 3 have none.
            return []
        }
        return models.map { model in
            let id = model.fields("info").optionalText("model_id") ?? "a logged model"
            return SourceItem.reading("logged model \(id)") { try Self.loggedModel(model) }
        }
    }

    private static func loggedModel(_ model: SourceFields) throws -> SourceLoggedModel {
        let info = model.fields("info")
        let id = try info.text("model_id")
        let metrics = try model.fields("data").array("metrics").map { metric in
            LoggedModelMetric(
                metric: Metric(
                    key: try metric.text("key"),
                    value: try metric.number("value"),
                    timestamp: try metric.time("timestamp"),
                    step: metric.optionalInteger("step") ?? 0,
                    modelID: id,
                    datasetName: metric.optionalText("dataset_name"),
                    datasetDigest: metric.optionalText("dataset_digest")
                ),
                runID: metric.optionalText("run_id") ?? ""
            )
        }
        let uri = info.optionalText("artifact_uri") ?? ""
        let isForeign = ArtifactLocator.foreignSchemes.contains { uri.hasPrefix($0 + "://") }
        return SourceLoggedModel(
            model: ImportedLoggedModel(
                id: id,
                name: info.optionalText("name") ?? "",
                creationTime: try info.time("creation_timestamp_ms"),
                lastUpdateTime: try info.time("last_updated_timestamp_ms"),
                status: status(info.optionalText("status")),
                modelType: info.optionalText("model_type") ?? "",
                sourceRunID: info.optionalText("source_run_id"),
                lifecycle: info.lifecycle("lifecycle_stage"),
                foreignArtifactURI: isForeign ? uri : nil,
                tags: try info.tags("tags"),
                params: try model.fields("data").params("params"),
                metrics: metrics
            ),
            place: isForeign ? .elsewhere(uri) : .loggedModel(id)
        )
    }

    private static func status(_ name: String?) -> LoggedModel.Status {
        switch name {
        case "LOGGED_MODEL_READY", "READY": .ready
        case "LOGGED_MODEL_UPLOAD_FAILED", "UPLOAD_FAILED", "FAILED": .uploadFailed
        default: .pending
        }
    }
}
