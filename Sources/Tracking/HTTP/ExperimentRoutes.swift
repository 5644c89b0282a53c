import Core
package import HTTPSupport
import HTTPTypes

/// MLflow's methods for experiments.
package struct ExperimentRoutes {
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
        routes.mlflow(.get, "/mlflow/experiments/get", permission: .read) { call in
            ["experiment": MLflowWire.experiment(try await store.experiment(call.fields.string("experiment_id")))]
        }
        routes.mlflow(.get, "/mlflow/experiments/get-by-name", permission: .read) { call in
            let name = try call.fields.string("experiment_name")
            return ["experiment": MLflowWire.experiment(try await store.experiment(named: name))]
        }
        let search: @Sendable (MLflowCall) async throws -> JSONObject = { call in
            let result = try await store.searchExperiments(
                filter: call.fields.optionalString("filter"),
                view: call.fields.optionalEnum("view_type", MLflowWire.views) ?? .activeOnly,
                order: call.fields.strings("order_by"),
                limit: MLflowWire.limit(call.fields, default: TrackingLimits.defaultSearchResults),
                after: MLflowWire.pageToken(call.fields)
            )
            var reply = JSONObject()
            reply.setList("experiments", result.experiments.map(MLflowWire.experiment))
            reply.setNextPage(result.nextToken)
            return reply
        }
        routes.mlflow(.get, "/mlflow/experiments/search", permission: .read, search)
        routes.mlflow(.post, "/mlflow/experiments/search", permission: .read, search)
        routes.mlflow(.post, "/mlflow/experiments/search-datasets", permission: .read) { call in
            let datasets = try await store.datasets(inExperiments: call.fields.strings("experiment_ids"))
            var reply = JSONObject()
            reply.setList(
                "dataset_summaries",
                datasets.map { dataset in
                    var summary: JSONObject = [
                        "experiment_id": .string(dataset.experimentID), "name": .string(dataset.name),
                        "digest": .string(dataset.digest),
                    ]
                    if let context = dataset.context { summary["context"] = .string(context) }
                    return .object(summary)
                }
            )
            return reply
        }
    }

    private func registerWrites(in routes: RouteTable) {
        let store = store
        routes.mlflow(.post, "/mlflow/experiments/create", permission: .write) { call in
            let id = try await store.createExperiment(
                name: call.fields.string("name"),
                artifactLocation: MLflowWire.given(call.fields, "artifact_location"),
                tags: MLflowWire.tags(call.fields)
            )
            return ["experiment_id": .string(id)]
        }
        routes.mlflow(.post, "/mlflow/experiments/update", permission: .write) { call in
            try await store.renameExperiment(
                call.fields.string("experiment_id"),
                to: call.fields.string("new_name")
            )
            return [:]
        }
        routes.mlflow(.post, "/mlflow/experiments/delete", permission: .write) { call in
            try await store.deleteExperiment(call.fields.string("experiment_id"))
            return [:]
        }
        routes.mlflow(.post, "/mlflow/experiments/restore", permission: .write) { call in
            try await store.restoreExperiment(call.fields.string("experiment_id"))
            return [:]
        }
        routes.mlflow(.post, "/mlflow/experiments/set-experiment-tag", permission: .write) { call in
            try await store.setExperimentTag(call.fields.string("experiment_id"), MLflowWire.tag(call.fields))
            return [:]
        }
        routes.mlflow(.post, "/mlflow/experiments/delete-experiment-tag", permission: .write) { call in
            try await store.deleteExperimentTag(call.fields.string("experiment_id"), key: call.fields.string("key"))
            return [:]
        }
    }
}
