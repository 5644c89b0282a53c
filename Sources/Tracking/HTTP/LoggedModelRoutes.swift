import Core
package import HTTPSupport
import HTTPTypes

/// MLflow's methods for logged models.
package struct LoggedModelRoutes {
    private let store: TrackingStore

    /// Routes over a store.
    package init(store: TrackingStore) {
        self.store = store
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        registerReads(in: routes)
        registerWrites(in: routes)
    }

    private func registerReads(in routes: RouteTable) {
        let store = store
        routes.mlflow(.get, "/mlflow/logged-models/{model_id}", permission: .read) { call in
            let model = try await store.loggedModel(
                call.fields.string("model_id"),
                includingDeleted: call.fields.optionalBool("allow_deleted") ?? false
            )
            return ["model": MLflowWire.loggedModel(model)]
        }
        routes.mlflow(.post, "/mlflow/logged-models/search", permission: .read) { call in
            guard try call.fields.has("experiment_ids") else { throw call.fields.missing("experiment_ids") }
            let limit = try MLflowWire.limit(call.fields, default: TrackingLimits.defaultLoggedModelResults)
            let result = try await store.searchLoggedModels(
                experimentIDs: call.fields.strings("experiment_ids"),
                filter: call.fields.optionalString("filter"),
                datasets: call.fields.messages("datasets").map { message in
                    MeasuredDataset(
                        name: try message.string("dataset_name"),
                        digest: try MLflowWire.given(message, "dataset_digest")
                    )
                },
                order: call.fields.messages("order_by").map { try Self.order($0) },
                limit: limit == 0 ? TrackingLimits.defaultLoggedModelResults : limit,
                after: MLflowWire.pageToken(call.fields)
            )
            var reply = JSONObject()
            reply.setList("models", result.models.map(MLflowWire.loggedModel))
            reply.setNextPage(result.nextToken)
            return reply
        }
    }

    private static func order(_ fields: MLflowFields) throws(MartletError) -> LoggedModelOrder {
        LoggedModelOrder(
            field: try fields.string("field_name"),
            isAscending: try fields.optionalBool("ascending") ?? true,
            datasetName: try MLflowWire.given(fields, "dataset_name"),
            datasetDigest: try MLflowWire.given(fields, "dataset_digest")
        )
    }

    private func registerWrites(in routes: RouteTable) {
        let store = store
        routes.mlflow(.post, "/mlflow/logged-models", permission: .write) { call in
            let model = try await store.createLoggedModel(
                experimentID: call.fields.string("experiment_id"),
                name: call.fields.optionalString("name"),
                modelType: call.fields.optionalString("model_type") ?? "",
                sourceRunID: call.fields.optionalString("source_run_id"),
                params: MLflowWire.params(call.fields),
                tags: MLflowWire.tags(call.fields)
            )
            return ["model": MLflowWire.loggedModel(model)]
        }
        routes.mlflow(.patch, "/mlflow/logged-models/{model_id}", permission: .write) { call in
            guard let status = try call.fields.optionalEnum("status", MLflowWire.loggedModelStatuses) else {
                throw call.fields.missing("status")
            }
            let model = try await store.finalizeLoggedModel(call.fields.string("model_id"), status)
            return ["model": MLflowWire.loggedModel(model)]
        }
        routes.mlflow(.delete, "/mlflow/logged-models/{model_id}", permission: .write) { call in
            try await store.deleteLoggedModel(call.fields.string("model_id"))
            return [:]
        }
        routes.mlflow(.patch, "/mlflow/logged-models/{model_id}/tags", permission: .write) { call in
            try await store.setLoggedModelTags(call.fields.string("model_id"), MLflowWire.tags(call.fields))
            return [:]
        }
        routes.mlflow(.delete, "/mlflow/logged-models/{model_id}/tags/{tag_key}", permission: .write) { call in
            try await store.deleteLoggedModelTag(
                call.fields.string("model_id"),
                key: call.fields.string("tag_key")
            )
            return [:]
        }
        routes.mlflow(.post, "/mlflow/logged-models/{model_id}/params", permission: .write, audited: false) { call in
            try await store.logLoggedModelParams(call.fields.string("model_id"), MLflowWire.params(call.fields))
            return [:]
        }
    }
}
