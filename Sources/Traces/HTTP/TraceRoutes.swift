import Core
package import HTTPSupport
import HTTPTypes

/// MLflow's methods for traces.
package struct TraceRoutes {
    private let store: TraceStore

    /// Routes over a store.
    package init(store: TraceStore) {
        self.store = store
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        registerReads(in: routes)
        registerSearches(in: routes)
        registerWrites(in: routes)
        registerOld(in: routes)
        TraceFileRoutes(store: store).register(in: routes)
    }

    private func registerReads(in routes: RouteTable) {
        let store = store
        routes.mlflow(.get, "/mlflow/traces/get", version: "3.0", permission: .read) { call in
            let trace = try await store.trace(
                call.fields.string("trace_id"),
                allowsPartial: call.fields.optionalBool("allow_partial") ?? false
            )
            return ["trace": TraceWire.trace(trace)]
        }
        routes.mlflow(.get, "/mlflow/traces/batchGet", version: "3.0", permission: .read) { call in
            let traces = try await store.traces(
                Self.traceIDs(call.fields),
                experimentIDs: Self.experimentIDs(call.fields)
            )
            return traces.isEmpty ? [:] : ["traces": .array(traces.map(TraceWire.trace))]
        }
        routes.mlflow(.post, "/mlflow/traces/batchGetInfos", version: "3.0", permission: .read) { call in
            let infos = try await store.infos(
                Self.traceIDs(call.fields),
                experimentIDs: Self.experimentIDs(call.fields)
            )
            return infos.isEmpty ? [:] : ["trace_infos": .array(infos.map(TraceWire.info))]
        }
        routes.mlflow(.get, "/mlflow/traces/{trace_id}", version: "3.0", permission: .read) { call in
            let info = try await store.info(call.fields.string("trace_id"))
            return ["trace": ["trace_info": TraceWire.info(info)]]
        }
    }

    private static func traceIDs(_ fields: MLflowFields) throws(MartletError) -> [String] {
        let ids = try fields.strings("trace_ids")
        guard !ids.isEmpty else { throw fields.missing("trace_ids") }
        return ids
    }

    private static func experimentIDs(_ fields: MLflowFields) throws(MartletError) -> [String]? {
        try fields.has("experiment_ids") ? try fields.strings("experiment_ids") : nil
    }

    private func registerSearches(in routes: RouteTable) {
        let store = store
        routes.mlflow(.post, "/mlflow/traces/search", version: "3.0", permission: .read) { call in
            guard try call.fields.has("locations") else { throw call.fields.missing("locations") }
            var experiments: [String] = []
            for location in try call.fields.messages("locations") {
                guard let experiment = try location.optionalMessage("mlflow_experiment") else { continue }
                experiments.append(try experiment.string("experiment_id"))
            }
            let page = try await Self.search(store, experiments, call.fields)
            var reply = JSONObject()
            if !page.traces.isEmpty { reply["traces"] = .array(page.traces.map(TraceWire.info)) }
            reply["next_page_token"] = page.nextToken.map(JSONValue.string)
            return reply
        }
        routes.mlflow(.get, "/mlflow/traces", permission: .read) { call in
            let experiments = try call.fields.strings("experiment_ids")
            guard !experiments.isEmpty else { throw call.fields.missing("experiment_ids") }
            let page = try await Self.search(store, experiments, call.fields)
            var reply = JSONObject()
            if !page.traces.isEmpty { reply["traces"] = .array(page.traces.map(TraceWire.oldInfo)) }
            reply["next_page_token"] = page.nextToken.map(JSONValue.string)
            return reply
        }
    }

    private static func search(
        _ store: TraceStore,
        _ experiments: [String],
        _ fields: MLflowFields
    ) async throws -> (traces: [TraceInfo], nextToken: String?) {
        let limit = try fields.optionalInt64("max_results") ?? Int64(TracesLimits.defaultSearchResults)
        let token = try fields.optionalString("page_token")
        return try await store.search(
            experimentIDs: experiments,
            filter: fields.optionalString("filter"),
            order: fields.strings("order_by"),
            limit: Int(clamping: limit),
            after: token.flatMap { $0.isEmpty ? nil : $0 }
        )
    }

    private func registerWrites(in routes: RouteTable) {
        let store = store
        routes.mlflow(.post, "/mlflow/traces", version: "3.0", permission: .write, audited: false) { call in
            guard let trace = try call.fields.optionalMessage("trace") else { throw call.fields.missing("trace") }
            guard let info = try trace.optionalMessage("trace_info") else { throw trace.missing("trace_info") }
            let stored = try await store.start(TraceWire.info(info))
            return ["trace": ["trace_info": TraceWire.info(stored)]]
        }
        for (version, id) in [("2.0", "request_id"), ("3.0", "trace_id")] {
            let path = "/mlflow/traces/{\(id)}/tags"
            routes.mlflow(.patch, path, version: version, permission: .write) { call in
                let tag = TracePair(
                    key: try call.fields.string("key"),
                    value: try call.fields.optionalString("value") ?? ""
                )
                try await store.setTag(call.fields.string(id), tag)
                return [:]
            }
            routes.mlflow(.delete, path, version: version, permission: .write) { call in
                try await store.deleteTag(call.fields.string(id), key: call.fields.string("key"))
                return [:]
            }
            routes.mlflow(.post, "/mlflow/traces/delete-traces", version: version, permission: .write) { call in
                let deleted = try await store.delete(
                    Self.deletion(call.fields),
                    experimentID: call.fields.string("experiment_id")
                )
                return ["traces_deleted": .int(deleted)]
            }
        }
        routes.mlflow(.post, "/mlflow/traces/link-to-run", permission: .write) { call in
            let run = try call.fields.string("run_id")
            try await store.link(Self.traceIDs(call.fields), toRun: run)
            return [:]
        }
        routes.mlflow(.post, "/mlflow/traces/link-prompts", permission: .write) { call in
            let trace = try call.fields.string("trace_id")
            guard try call.fields.has("prompt_versions") else { throw call.fields.missing("prompt_versions") }
            var prompts: [(name: String, version: Int64)] = []
            for prompt in try call.fields.messages("prompt_versions") {
                prompts.append((try prompt.string("name"), try prompt.int64("version")))
            }
            try await store.link(prompts: prompts, toTrace: trace)
            return [:]
        }
    }

    private static func deletion(_ fields: MLflowFields) throws(MartletError) -> TraceStore.Deletion {
        let ids = try fields.strings("request_ids")
        let time = try fields.optionalInt64("max_timestamp_millis")
        let count = try fields.optionalInt64("max_traces")
        if let count, count <= 0 {
            throw MartletError(.invalidArgument, "`max_traces` must be a positive integer, received \(count).")
        }
        switch (time, ids.isEmpty) {
        case (nil, true):
            throw MartletError(
                .invalidArgument,
                "Either `max_timestamp_millis` or `trace_ids` must be specified."
            )
        case (_?, false):
            throw MartletError(
                .invalidArgument,
                "Only one of `max_timestamp_millis` and `trace_ids` can be specified."
            )
        case (let time?, true):
            return .until(Timestamp(milliseconds: time), atMost: count.map { Int(clamping: $0) } ?? .max)
        case (nil, false):
            guard count == nil else {
                throw MartletError(
                    .invalidArgument,
                    "`max_traces` can't be specified if `trace_ids` is specified."
                )
            }
            return .ids(ids)
        }
    }

    /// What clients before version 3 call when a trace begins and ends.
    private func registerOld(in routes: RouteTable) {
        let store = store
        routes.mlflow(.post, "/mlflow/traces", permission: .write, audited: false) { call in
            let trace = try await store.startOld(
                experimentID: call.fields.string("experiment_id"),
                requestTime: Timestamp(milliseconds: call.fields.optionalInt64("timestamp_ms") ?? 0),
                metadata: TraceWire.oldPairs(call.fields, "request_metadata"),
                tags: TraceWire.oldPairs(call.fields, "tags")
            )
            return ["trace_info": TraceWire.oldInfo(trace)]
        }
        routes.mlflow(.patch, "/mlflow/traces/{request_id}", permission: .write, audited: false) { call in
            let trace = try await store.endOld(
                id: call.fields.string("request_id"),
                endTime: Timestamp(milliseconds: call.fields.optionalInt64("timestamp_ms") ?? 0),
                state: call.fields.optionalEnum("status", TraceWire.oldStates) ?? .unspecified,
                metadata: TraceWire.oldPairs(call.fields, "request_metadata"),
                tags: TraceWire.oldPairs(call.fields, "tags")
            )
            return ["trace_info": TraceWire.oldInfo(trace)]
        }
        routes.mlflow(.get, "/mlflow/traces/{request_id}/info", permission: .read) { call in
            ["trace_info": TraceWire.oldInfo(try await store.info(call.fields.string("request_id")))]
        }
    }
}
