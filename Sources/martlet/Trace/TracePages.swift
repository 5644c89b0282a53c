import Core

/// Reads traces through the MLflow REST API.
struct TracePages {
    private let session: Session
    private let prefix = "/api/3.0/mlflow/traces"

    init(_ session: Session) {
        self.session = session
    }

    /// Traces of experiments, newest first unless `order` says otherwise, at most `limit`.
    func traces(experiments: [String], filter: String?, order: [String], limit: Int) async throws -> [JSONValue] {
        var traces: [JSONValue] = []
        var token: String?
        repeat {
            var body: JSONObject = [
                "locations": .array(
                    experiments.map { id in
                        ["type": "MLFLOW_EXPERIMENT", "mlflow_experiment": ["experiment_id": .string(id)]]
                    }
                ),
                "max_results": .int(min(limit - traces.count, CommandLimits.pageRows)),
                "order_by": .array(order.map(JSONValue.string)),
            ]
            body["filter"] = filter.map(JSONValue.string)
            body["page_token"] = token.map(JSONValue.string)
            let answer = try await session.server.send("POST", "\(prefix)/search", .object(body))
            traces += answer["traces"]?.arrayValue ?? []
            let next = answer["next_page_token"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
            token = next == token ? nil : next
        } while token != nil && traces.count < limit
        return traces
    }

    /// A trace with those of its spans that are there.
    func trace(_ id: String) async throws -> JSONValue {
        let query: [(String, String?)] = [("trace_id", id), ("allow_partial", "true")]
        return try await session.server.get("\(prefix)/get", query: query)["trace"] ?? .null
    }
}
