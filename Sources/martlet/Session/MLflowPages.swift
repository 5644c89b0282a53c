import Core

/// Reads experiments, runs and models through the MLflow REST API, page by page.
struct MLflowPages {
    private let session: Session
    private let prefix = "/api/2.0/mlflow"

    init(_ session: Session) {
        self.session = session
    }

    /// Active experiments, at most `limit`.
    func experiments(limit: Int) async throws -> [JSONValue] {
        try await pages("experiments", limit: limit) { size, token in
            var body: JSONObject = ["max_results": .int(size)]
            body["page_token"] = token.map(JSONValue.string)
            return try await session.server.send("POST", "\(prefix)/experiments/search", .object(body))
        }
    }

    /// The experiment with this name, or else with this id.
    func experiment(_ nameOrID: String) async throws -> JSONValue {
        do {
            let answer = try await session.server.get(
                "\(prefix)/experiments/get-by-name",
                query: [("experiment_name", nameOrID)]
            )
            return answer["experiment"] ?? .null
        } catch let error as MartletError
            where error.code == .notFound && !nameOrID.isEmpty
            && nameOrID.allSatisfy(\.isNumber)
        {
            let answer = try await session.server.get("\(prefix)/experiments/get", query: [("experiment_id", nameOrID)])
            return answer["experiment"] ?? .null
        }
    }

    /// Runs of experiments, newest first unless `order` says otherwise, at most `limit`.
    func runs(
        experiments: [String],
        filter: String?,
        limit: Int,
        order: [String] = [],
        deleted: Bool = false
    ) async throws -> [JSONValue] {
        let order = order.isEmpty ? ["attributes.start_time DESC"] : order
        return try await pages("runs", limit: limit) { size, token in
            var body: JSONObject = [
                "experiment_ids": .array(experiments.map(JSONValue.string)), "max_results": .int(size),
                "order_by": .array(order.map(JSONValue.string)),
            ]
            if deleted { body["run_view_type"] = "DELETED_ONLY" }
            body["filter"] = filter.map(JSONValue.string)
            body["page_token"] = token.map(JSONValue.string)
            return try await session.server.send("POST", "\(prefix)/runs/search", .object(body))
        }
    }

    /// One run.
    func run(_ id: String) async throws -> JSONValue {
        try await session.server.get("\(prefix)/runs/get", query: [("run_id", id)])["run"] ?? .null
    }

    /// The history of a run's metric, page by page, given to `take`.
    func history(run: String, metric: String, _ take: ([JSONValue]) throws -> Void) async throws {
        var token: String?
        repeat {
            let answer = try await session.server.get(
                "\(prefix)/metrics/get-history",
                query: [
                    ("run_id", run), ("metric_key", metric), ("max_results", "\(CommandLimits.historyPage)"),
                    ("page_token", token),
                ]
            )
            try take(answer["metrics"]?.arrayValue ?? [])
            let next = answer["next_page_token"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
            token = next == token ? nil : next
        } while token != nil
    }

    /// Registered models, at most `limit`.
    func models(limit: Int) async throws -> [JSONValue] {
        try await pages("registered_models", limit: limit) { size, token in
            try await session.server.get(
                "\(prefix)/registered-models/search",
                query: [("max_results", "\(size)"), ("page_token", token)]
            )
        }
    }

    /// One registered model.
    func model(_ name: String) async throws -> JSONValue {
        let answer = try await session.server.get("\(prefix)/registered-models/get", query: [("name", name)])
        return answer["registered_model"] ?? .null
    }

    /// Versions of a model, at most `limit`.
    func versions(of model: String, limit: Int) async throws -> [JSONValue] {
        let name = model.replacing("'", with: "\\'")
        return try await pages("model_versions", limit: limit) { size, token in
            try await session.server.get(
                "\(prefix)/model-versions/search",
                query: [("filter", "name='\(name)'"), ("max_results", "\(size)"), ("page_token", token)]
            )
        }
    }

    private func pages(
        _ key: String,
        limit: Int,
        _ page: (_ size: Int, _ token: String?) async throws -> JSONValue
    ) async throws -> [JSONValue] {
        var items: [JSONValue] = []
        var token: String?
        repeat {
            let answer = try await page(min(limit - items.count, CommandLimits.pageRows), token)
            items += (answer[key]?.arrayValue ?? []).prefix(limit - items.count)
            let next = answer["next_page_token"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
            token = next == token ? nil : next
        } while token != nil && items.count < limit
        if token != nil {
            session.terminal.note("There is more; ask for it with --limit (at most \(CommandLimits.maximumRows)).")
        }
        return items
    }
}
