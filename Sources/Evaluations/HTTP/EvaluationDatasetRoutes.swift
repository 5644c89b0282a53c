import Core
package import HTTPSupport
import HTTPTypes

/// MLflow's methods for evaluation datasets.
package struct EvaluationDatasetRoutes {
    private let store: EvaluationStore

    /// Routes over a store.
    package init(store: EvaluationStore) {
        self.store = store
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        registerDatasets(in: routes)
        registerTags(in: routes)
        registerRecords(in: routes)
        registerExperiments(in: routes)
    }

    private func registerDatasets(in routes: RouteTable) {
        let store = store
        routes.mlflow(.post, "/mlflow/datasets/create", version: "3.0", permission: .write) { call in
            let name = try call.fields.string("name")
            let experiments = try call.fields.strings("experiment_ids")
            let dataset = try await store.createDataset(
                name: name,
                experiments: experiments,
                tags: Self.text(call.fields, "tags")
            )
            return ["dataset": Self.dataset(dataset, experiments: experiments)]
        }
        routes.mlflow(.get, "/mlflow/datasets/{dataset_id}", version: "3.0", permission: .read) { call in
            ["dataset": Self.dataset(try await store.dataset(call.fields.string("dataset_id")))]
        }
        routes.mlflow(.delete, "/mlflow/datasets/{dataset_id}", version: "3.0", permission: .write) { call in
            try await store.deleteDataset(call.fields.string("dataset_id"))
            return [:]
        }
        let search: @Sendable (MLflowCall) async throws -> JSONObject = { call in
            let limit = try call.fields.optionalInt64("max_results").map { Int(clamping: $0) }
            let result = try await store.searchDatasets(
                experiments: call.fields.strings("experiment_ids"),
                filter: Self.text(call.fields, "filter_string"),
                order: call.fields.strings("order_by"),
                limit: limit ?? EvaluationsLimits.defaultSearchResults,
                after: Self.text(call.fields, "page_token")
            )
            var reply = JSONObject()
            if !result.datasets.isEmpty { reply["datasets"] = .array(result.datasets.map { Self.dataset($0) }) }
            if let token = result.nextToken { reply["next_page_token"] = .string(token) }
            return reply
        }
        routes.mlflow(.get, "/mlflow/datasets/search", version: "3.0", permission: .read, search)
        routes.mlflow(.post, "/mlflow/datasets/search", version: "3.0", permission: .read, search)
    }

    private func registerTags(in routes: RouteTable) {
        let store = store
        let path = "/mlflow/datasets/{dataset_id}/tags"
        routes.mlflow(.patch, path, version: "3.0", permission: .write) { call in
            let dataset = try await store.setDatasetTags(
                call.fields.string("dataset_id"),
                call.fields.string("tags")
            )
            return ["dataset": Self.dataset(dataset)]
        }
        routes.mlflow(.delete, path + "/{key}", version: "3.0", permission: .write) { call in
            try await store.deleteDatasetTag(call.fields.string("dataset_id"), key: call.fields.string("key"))
            return [:]
        }
    }

    private func registerRecords(in routes: RouteTable) {
        let store = store
        let path = "/mlflow/datasets/{dataset_id}/records"
        routes.mlflow(.post, path, version: "3.0", permission: .write) { call in
            let counts = try await store.upsertRecords(
                call.fields.string("dataset_id"),
                call.fields.string("records")
            )
            return ["inserted_count": .int(counts.inserted), "updated_count": .int(counts.updated)]
        }
        routes.mlflow(.get, path, version: "3.0", permission: .read) { call in
            let limit = try call.fields.optionalInt64("max_results").flatMap { $0 == 0 ? nil : Int(clamping: $0) }
            let page = try await store.records(
                of: call.fields.string("dataset_id"),
                limit: limit ?? EvaluationsLimits.recordsPageSize,
                after: Self.text(call.fields, "page_token")
            )
            var reply: JSONObject = ["records": .string(page.json)]
            if let token = page.nextToken { reply["next_page_token"] = .string(token) }
            return reply
        }
        routes.mlflow(.delete, path, version: "3.0", permission: .write) { call in
            let deleted = try await store.deleteRecords(
                of: call.fields.string("dataset_id"),
                call.fields.strings("dataset_record_ids")
            )
            return ["deleted_count": .int(deleted)]
        }
    }

    private func registerExperiments(in routes: RouteTable) {
        let store = store
        let path = "/mlflow/datasets/{dataset_id}"
        routes.mlflow(.get, path + "/experiment-ids", version: "3.0", permission: .read) { call in
            let ids = try await store.experiments(ofDataset: call.fields.string("dataset_id"))
            return ids.isEmpty ? [:] : ["experiment_ids": .array(ids.map(JSONValue.string))]
        }
        routes.mlflow(.post, path + "/add-experiments", version: "3.0", permission: .write) { call in
            let id = try call.fields.string("dataset_id")
            let dataset = try await store.addDataset(id, to: call.fields.strings("experiment_ids"))
            return ["dataset": Self.dataset(dataset, experiments: try await store.experiments(ofDataset: id))]
        }
        routes.mlflow(.post, path + "/remove-experiments", version: "3.0", permission: .write) { call in
            let id = try call.fields.string("dataset_id")
            let dataset = try await store.removeDataset(id, from: call.fields.strings("experiment_ids"))
            return ["dataset": Self.dataset(dataset, experiments: try await store.experiments(ofDataset: id))]
        }
    }

    private static func dataset(_ dataset: EvaluationDataset, experiments: [String] = []) -> JSONValue {
        let tags = JSONObject(dataset.tags.map { ($0.key, .string($0.value)) })
        var object: JSONObject = [
            "dataset_id": .string(dataset.id), "name": .string(dataset.name),
            "tags": .string(EvaluationText.text(.object(tags))),
        ]
        if let schema = dataset.schema { object["schema"] = .string(schema) }
        if let profile = dataset.profile { object["profile"] = .string(profile) }
        object["digest"] = .string(dataset.digest)
        object["created_time"] = .integer(dataset.creationTime.milliseconds)
        object["last_update_time"] = .integer(dataset.lastUpdateTime.milliseconds)
        if let user = dataset.createdBy { object["created_by"] = .string(user) }
        if let user = dataset.lastUpdatedBy { object["last_updated_by"] = .string(user) }
        if !experiments.isEmpty { object["experiment_ids"] = .array(experiments.map(JSONValue.string)) }
        return .object(object)
    }

    /// A text, or nil if it is absent or empty.
    private static func text(_ fields: MLflowFields, _ name: String) throws(MartletError) -> String? {
        let text = try fields.optionalString(name)
        return text.flatMap { $0.isEmpty ? nil : $0 }
    }
}
