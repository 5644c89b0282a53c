import Core
package import HTTPSupport
import HTTPTypes

/// MLflow's methods for runs and what is logged to them.
package struct RunRoutes {
    private let store: TrackingStore

    /// Routes over a store.
    package init(store: TrackingStore) {
        self.store = store
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        registerReads(in: routes)
        registerLifecycle(in: routes)
        registerLogging(in: routes)
        registerInputs(in: routes)
    }

    private func registerReads(in routes: RouteTable) {
        let store = store
        routes.mlflow(.get, "/mlflow/runs/get", permission: .read) { call in
            ["run": MLflowWire.run(try await store.run(MLflowWire.runID(call.fields)))]
        }
        routes.mlflow(.post, "/mlflow/runs/search", permission: .read) { call in
            let result = try await store.searchRuns(
                experimentIDs: call.fields.strings("experiment_ids"),
                filter: call.fields.optionalString("filter"),
                view: call.fields.optionalEnum("run_view_type", MLflowWire.views) ?? .activeOnly,
                order: call.fields.strings("order_by"),
                limit: MLflowWire.limit(call.fields, default: TrackingLimits.defaultSearchResults),
                after: MLflowWire.pageToken(call.fields)
            )
            var reply = JSONObject()
            reply.setList("runs", result.runs.map(MLflowWire.run))
            reply.setNextPage(result.nextToken)
            return reply
        }
    }

    private func registerLifecycle(in routes: RouteTable) {
        let store = store
        routes.mlflow(.post, "/mlflow/runs/create", permission: .write) { call in
            let experiment = try call.fields.optionalString("experiment_id")
            let start = try call.fields.optionalInt64("start_time") ?? 0
            let run = try await store.createRun(
                experimentID: experiment.flatMap { $0.isEmpty ? nil : $0 } ?? Experiment.defaultID,
                name: call.fields.optionalString("run_name"),
                userID: call.fields.optionalString("user_id") ?? "",
                startTime: Timestamp(milliseconds: start),
                tags: MLflowWire.tags(call.fields)
            )
            return ["run": MLflowWire.run(run)]
        }
        routes.mlflow(.post, "/mlflow/runs/update", permission: .write) { call in
            let info = try await store.updateRun(
                MLflowWire.runID(call.fields),
                status: call.fields.optionalEnum("status", MLflowWire.runStatuses),
                endTime: call.fields.optionalInt64("end_time").map { Timestamp(milliseconds: $0) },
                name: call.fields.optionalString("run_name")
            )
            return ["run_info": MLflowWire.info(info)]
        }
        routes.mlflow(.post, "/mlflow/runs/delete", permission: .write) { call in
            try await store.deleteRun(MLflowWire.runID(call.fields))
            return [:]
        }
        routes.mlflow(.post, "/mlflow/runs/restore", permission: .write) { call in
            try await store.restoreRun(MLflowWire.runID(call.fields))
            return [:]
        }
    }

    private func registerLogging(in routes: RouteTable) {
        let store = store
        routes.mlflow(.post, "/mlflow/runs/log-metric", permission: .write) { call in
            try await store.logMetric(runID: MLflowWire.runID(call.fields), MLflowWire.metric(call.fields))
            return [:]
        }
        routes.mlflow(.post, "/mlflow/runs/log-parameter", permission: .write) { call in
            try await store.logParam(runID: MLflowWire.runID(call.fields), MLflowWire.param(call.fields))
            return [:]
        }
        routes.mlflow(.post, "/mlflow/runs/set-tag", permission: .write) { call in
            try await store.setTag(runID: MLflowWire.runID(call.fields), MLflowWire.tag(call.fields))
            return [:]
        }
        routes.mlflow(.post, "/mlflow/runs/delete-tag", permission: .write) { call in
            try await store.deleteTag(runID: MLflowWire.runID(call.fields), key: call.fields.string("key"))
            return [:]
        }
        routes.mlflow(.post, "/mlflow/runs/log-batch", permission: .write) { call in
            try await store.logBatch(
                runID: MLflowWire.runID(call.fields),
                metrics: call.fields.messages("metrics").map { try MLflowWire.metric($0) },
                params: MLflowWire.params(call.fields),
                tags: MLflowWire.tags(call.fields)
            )
            return [:]
        }
        routes.mlflow(.post, "/mlflow/runs/log-model", permission: .write) { call in
            let text = try call.fields.string("model_json")
            let model = try JSONValue.parse(text, limits: .lenientNumbers)
            let needed = ["artifact_path", "flavors", "utc_time_created", "run_id"]
            if let missing = needed.first(where: { model[$0] == nil }) {
                throw call.fields.invalid("model_json", .string(text), "Model json is missing the field '\(missing)'.")
            }
            try await store.appendLoggedModel(runID: MLflowWire.runID(call.fields), model)
            return [:]
        }
    }

    private func registerInputs(in routes: RouteTable) {
        let store = store
        routes.mlflow(.post, "/mlflow/runs/log-inputs", permission: .write) { call in
            try await store.logInputs(
                runID: MLflowWire.runID(call.fields),
                datasets: call.fields.messages("datasets").map { try Self.dataset($0) },
                modelIDs: call.fields.messages("models").map { try $0.string("model_id") }
            )
            return [:]
        }
        routes.mlflow(.post, "/mlflow/runs/outputs", permission: .write) { call in
            let models = try call.fields.messages("models").map { message in
                ModelOutput(
                    modelID: try message.string("model_id"),
                    step: try message.optionalInt64("step") ?? 0
                )
            }
            try await store.logOutputs(runID: MLflowWire.runID(call.fields), models: models)
            return [:]
        }
    }

    private static func dataset(_ input: MLflowFields) throws(MartletError) -> DatasetInput {
        guard let dataset = try input.optionalMessage("dataset") else { throw input.missing("dataset") }
        return DatasetInput(
            name: try dataset.string("name"),
            digest: try dataset.string("digest"),
            sourceType: try dataset.string("source_type"),
            source: try dataset.string("source"),
            schema: try dataset.optionalString("schema"),
            profile: try dataset.optionalString("profile"),
            tags: try MLflowWire.tags(input)
        )
    }
}
