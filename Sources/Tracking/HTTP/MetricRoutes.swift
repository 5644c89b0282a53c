import Core
package import HTTPSupport
import HTTPTypes

/// MLflow's methods for the histories of metrics.
package struct MetricRoutes {
    private let store: TrackingStore

    /// Routes over a store.
    package init(store: TrackingStore) {
        self.store = store
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        let store = store
        routes.mlflow(.get, "/mlflow/metrics/get-history", permission: .read) { call in
            let isLimited = try call.fields.has("max_results")
            let result = try await store.metricHistory(
                runID: MLflowWire.runID(call.fields),
                key: call.fields.string("metric_key"),
                limit: isLimited ? MLflowWire.limit(call.fields, default: TrackingLimits.historyPoints) : nil,
                after: MLflowWire.pageToken(call.fields)
            )
            var reply = JSONObject()
            reply.setList("metrics", result.metrics.map { MLflowWire.metric($0) })
            reply.setNextPage(result.nextToken)
            return reply
        }
        routes.mlflow(.get, "/mlflow/metrics/get-history-bulk-interval", permission: .read) { call in
            let runIDs = try call.fields.strings("run_ids")
            guard !runIDs.isEmpty else { throw call.fields.missing("run_ids") }
            guard runIDs.count <= TrackingLimits.bulkRuns else {
                throw MartletError(
                    .invalidArgument,
                    "GetMetricHistoryBulkInterval request must specify at most \(TrackingLimits.bulkRuns) run_ids. "
                        + "Received \(runIDs.count) run_ids."
                )
            }
            let histories = try await store.sampledHistory(
                runIDs: runIDs,
                key: call.fields.string("metric_key"),
                steps: Self.steps(call.fields),
                limit: MLflowWire.limit(call.fields, default: TrackingLimits.bulkPointsPerRun)
            )
            let points = histories.flatMap { history in
                history.metrics.map { MLflowWire.metric($0, runID: history.runID) }
            }
            var reply = JSONObject()
            reply.setList("metrics", points)
            return reply
        }
        routes.mlflow(.get, "/mlflow/metrics/get-history-bulk", permission: .read) { call in
            let limit = try MLflowWire.limit(call.fields, default: TrackingLimits.historyPoints)
            try TrackingStore.checkLimit(limit, atMost: .max)
            let points = try await store.bulkHistory(
                runIDs: Self.bulkRunIDs(call.fields),
                key: Self.bulkKey(call.fields),
                limit: Swift.min(limit, TrackingLimits.historyPoints)
            )
            // Unlike elsewhere an empty list is present: the web pages that use this method index it.
            return ["metrics": .array(points.map { MLflowWire.metric($0.1, runID: $0.runID) })]
        }
    }

    private static func bulkRunIDs(_ fields: MLflowFields) throws(MartletError) -> [String] {
        let ids = try fields.strings("run_id")
        guard !ids.isEmpty else {
            throw MartletError(.invalidArgument, "GetMetricHistoryBulk request must specify at least one run_id.")
        }
        guard ids.count <= TrackingLimits.bulkRuns else {
            throw MartletError(
                .invalidArgument,
                "GetMetricHistoryBulk request cannot specify more than \(TrackingLimits.bulkRuns) run_ids. Received "
                    + "\(ids.count) run_ids."
            )
        }
        return ids
    }

    private static func bulkKey(_ fields: MLflowFields) throws(MartletError) -> String {
        guard let key = try MLflowWire.given(fields, "metric_key") else {
            throw MartletError(.invalidArgument, "GetMetricHistoryBulk request must specify a metric_key.")
        }
        return key
    }

    private static func steps(_ fields: MLflowFields) throws(MartletError) -> ClosedRange<Int64>? {
        let start = try fields.optionalInt64("start_step")
        let end = try fields.optionalInt64("end_step")
        guard let start, let end else {
            guard start == nil, end == nil else {
                throw MartletError(
                    .invalidArgument,
                    "If either start step or end step are specified, both must be specified."
                )
            }
            return nil
        }
        guard start <= end else {
            throw MartletError(
                .invalidArgument,
                "end_step must be greater than start_step. Found start_step=\(start) and end_step=\(end)."
            )
        }
        return start...end
    }
}
