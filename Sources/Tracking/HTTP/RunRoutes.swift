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
        routes.mlflowBytes(.get, "/mlflow/runs/get", permission: .read) { body in
            MLflowWire.runReply(try await store.run(MLflowWire.runID(body.call().fields)))
        }
        routes.mlflowBytes(.post, "/mlflow/runs/search", permission: .read) { body in
            let call = try body.call()
            let result = try await store.searchRuns(
                experimentIDs: call.fields.strings("experiment_ids"),
                filter: call.fields.optionalString("filter"),
                view: call.fields.optionalEnum("run_view_type", MLflowWire.views) ?? .activeOnly,
                order: call.fields.strings("order_by"),
                limit: MLflowWire.limit(call.fields, default: TrackingLimits.defaultSearchResults),
                after: MLflowWire.pageToken(call.fields)
            )
            return MLflowWire.runsReply(result.runs, nextToken: result.nextToken)
        }
    }

    private func registerLifecycle(in routes: RouteTable) {
        let store = store
        routes.mlflowBytes(.post, "/mlflow/runs/create", permission: .write) { body in
            let call = try body.call()
            let start = try call.fields.optionalInt64("start_time") ?? 0
            let run = try await store.createRun(
                experimentID: MLflowWire.given(call.fields, "experiment_id") ?? Experiment.defaultID,
                name: call.fields.optionalString("run_name"),
                userID: call.fields.optionalString("user_id") ?? "",
                startTime: Timestamp(milliseconds: start),
                tags: MLflowWire.tags(call.fields)
            )
            return MLflowWire.runReply(run)
        }
        routes.mlflow(.post, "/mlflow/runs/update", permission: .write, audited: false) { call in
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

    /// The reply of methods that return nothing.
    private static let nothing = Array("{}".utf8)

    private func registerLogging(in routes: RouteTable) {
        let store = store
        routes.mlflowBytes(.post, "/mlflow/runs/log-metric", permission: .write, audited: false) { body in
            if let logged = body.read(LoggedBatch.init(metric:)), let metric = logged.metrics.first {
                try await store.logMetric(runID: logged.runID, metric)
            } else {
                let fields = try body.call().fields
                try await store.logMetric(runID: MLflowWire.runID(fields), MLflowWire.metric(fields))
            }
            return Self.nothing
        }
        routes.mlflow(.post, "/mlflow/runs/log-parameter", permission: .write, audited: false) { call in
            try await store.logParam(runID: MLflowWire.runID(call.fields), MLflowWire.param(call.fields))
            return [:]
        }
        routes.mlflow(.post, "/mlflow/runs/set-tag", permission: .write, audited: false) { call in
            try await store.setTag(runID: MLflowWire.runID(call.fields), MLflowWire.tag(call.fields))
            return [:]
        }
        routes.mlflow(.post, "/mlflow/runs/delete-tag", permission: .write) { call in
            try await store.deleteTag(runID: MLflowWire.runID(call.fields), key: call.fields.string("key"))
            return [:]
        }
        routes.mlflowBytes(.post, "/mlflow/runs/log-batch", permission: .write, audited: false) { body in
            if let batch = body.read(LoggedBatch.init(batch:)) {
                try await store.logBatch(
                    runID: batch.runID,
                    metrics: batch.metrics,
                    params: batch.params,
                    tags: batch.tags
                )
            } else {
                let fields = try body.call().fields
                try await store.logBatch(
                    runID: MLflowWire.runID(fields),
                    metrics: fields.messages("metrics").map { try MLflowWire.metric($0) },
                    params: MLflowWire.params(fields),
                    tags: MLflowWire.tags(fields)
                )
            }
            return Self.nothing
        }
        routes.mlflow(.post, "/mlflow/runs/log-model", permission: .write, audited: false) { call in
            try await store.appendLoggedModel(
                runID: MLflowWire.runID(call.fields),
                Self.loggedModel(call.fields.string("model_json"))
            )
            return [:]
        }
    }

    private func registerInputs(in routes: RouteTable) {
        let store = store
        routes.mlflow(.post, "/mlflow/runs/log-inputs", permission: .write, audited: false) { call in
            try await store.logInputs(
                runID: MLflowWire.runID(call.fields),
                datasets: call.fields.messages("datasets").map { try Self.dataset($0) },
                modelIDs: call.fields.messages("models").map { try $0.string("model_id") }
            )
            return [:]
        }
        routes.mlflow(.post, "/mlflow/runs/outputs", permission: .write, audited: false) { call in
            guard try call.fields.has("models") else { throw call.fields.missing("models") }
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

    /// What the tag `mlflow.log-model.history` keeps of a model's description: flavors without their `config`.
    private static func loggedModel(_ text: String) throws(MartletError) -> JSONValue {
        guard let model = try? JSONValue.parse(text, limits: .lenientNumbers).objectValue else {
            throw MartletError(
                .invalidArgument,
                "Malformed model info. \n \(text.prefix(200)) \n is not a valid JSON."
            )
        }
        let needed = ["artifact_path", "flavors", "run_id", "utc_time_created"]
        let missing = needed.filter { model[$0] == nil }.map { "'\($0)'" }
        guard missing.isEmpty else {
            throw MartletError(
                .invalidArgument,
                "Model json is missing mandatory fields: {\(missing.joined(separator: ", "))}"
            )
        }
        var kept = JSONObject(["run_id", "artifact_path", "utc_time_created"].map { ($0, model[$0] ?? .null) })
        kept["model_uuid"] = model["model_uuid"] ?? .null
        let flavors = (model["flavors"]?.objectValue?.pairs ?? []).map { flavor in
            guard var settings = flavor.value.objectValue else { return (flavor.key, flavor.value) }
            settings["config"] = nil
            return (flavor.key, .object(settings))
        }
        kept["flavors"] = .object(JSONObject(flavors))
        return .object(kept)
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
