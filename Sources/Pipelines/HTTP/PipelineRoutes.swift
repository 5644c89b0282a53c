import Core
package import HTTPSupport
import Hummingbird

/// Pipelines, their runs and logs under `/api/martlet/v1`.
package struct PipelineRoutes {
    let service: PipelineService

    /// Routes over one service.
    package init(service: PipelineService) {
        self.service = service
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        registerPipelines(in: routes)
        registerRuns(in: routes)
        registerTasks(in: routes)
        registerActions(in: routes)
        registerSchemas(in: routes)
    }

    private func registerPipelines(in routes: RouteTable) {
        let service = service
        routes.get("/api/martlet/v1/pipelines", permission: .read, errors: .martlet) { _, _ in
            .json(["items": .array(try await service.pipelines().map(\.json))])
        }
        routes.get("/api/martlet/v1/pipelines/{name}", permission: .read, errors: .martlet) { _, context in
            .json(try await service.pipeline(context.parameters.require("name")).json)
        }
        routes.post("/api/martlet/v1/pipelines/{name}/runs", permission: .operate, errors: .martlet) {
            request,
            context in
            let name = try context.parameters.require("name")
            let fields = try JSONFields(try await request.readJSON())
            try fields.rejectUnknown(["parameters", "trigger", "idempotency_key", "time", "priority"])
            let run = try await service.startRun(
                name,
                parameters: try fields.optionalObject("parameters") ?? [:],
                cause: RunCause(kind: .manual, text: try fields.optionalString("trigger") ?? "manual"),
                idempotencyKey: try fields.optionalString("idempotency_key"),
                logicalDate: try fields.optionalInt("time").map { Timestamp(milliseconds: $0) },
                priority: try fields.optionalInt("priority", in: PipelinesLimits.priorities).map { Int($0) }
            )
            return .json(try await Self.json(run.id, service), status: .created)
        }
        routes.post("/api/martlet/v1/pipelines/validate", permission: .read, errors: .martlet) { request, _ in
            let fields = try JSONFields(try await request.readJSON())
            try fields.rejectUnknown(["pipelines"])
            let section = JSONValue.object(try fields.fields("pipelines").object)
            let steps = service.steps
            let specs = try await BlockingWork.run { try PipelineSpec.parseSection(section, steps: steps) }
            return .json(["items": .array(specs.map(\.json))])
        }
    }

    private func registerRuns(in routes: RouteTable) {
        let service = service
        routes.get("/api/martlet/v1/pipeline-runs", permission: .read, errors: .martlet) { request, _ in
            let page = try await service.runs(
                pipeline: request.query("pipeline"),
                state: try Self.state(request.query("state"), RunState.self),
                limit: try Self.limit(request),
                pageToken: request.query("page_token")
            )
            return .json(page.json(\.json))
        }
        routes.get("/api/martlet/v1/pipeline-runs/{id}", permission: .read, errors: .martlet) { _, context in
            .json(try await Self.json(try context.parameters.require("id"), service))
        }
        routes.get("/api/martlet/v1/pipeline-runs/{id}/logs", permission: .read, errors: .martlet) { request, context in
            let id = try context.parameters.require("id")
            guard let task = request.query("task"), !task.isEmpty else {
                throw MartletError(.invalidArgument, "'task' is missing; name the task whose log you want.")
            }
            let after = try request.queryInt("after", in: 0...Int.max, default: 0)
            let limit = try request.queryInt("limit", in: 1...PipelinesLimits.logPage, default: PipelinesLimits.logPage)
            // The state first: lines written before it was final are then in the answer.
            let state = try await service.attempts(run: id, task: task).last?.state
            let lines = try await service.logs(run: id, task: task, after: Int64(after), limit: limit)
            let next = lines.last?.position ?? Int64(after)
            let isComplete = lines.count < limit && state?.isFinal ?? true
            return .json([
                "items": .array(lines.map(\.json)), "next_after": .integer(next), "complete": .bool(isComplete),
            ])
        }
    }

    private func registerTasks(in routes: RouteTable) {
        let service = service
        routes.get("/api/martlet/v1/pipeline-runs/{id}/tasks", permission: .read, errors: .martlet) {
            request,
            context in
            let page = try await service.tasks(
                run: try context.parameters.require("id"),
                state: try Self.state(request.query("state"), TaskState.self),
                limit: try Self.limit(request),
                pageToken: request.query("page_token")
            )
            return .json(page.json(\.json))
        }
        routes.get("/api/martlet/v1/pipeline-runs/{id}/tasks/{task}", permission: .read, errors: .martlet) {
            _,
            context in
            let attempts = try await service.attempts(
                run: try context.parameters.require("id"),
                task: try context.parameters.require("task")
            )
            return .json(["items": .array(attempts.map(\.json))])
        }
    }

    private func registerActions(in routes: RouteTable) {
        let service = service
        routes.post("/api/martlet/v1/pipeline-runs/{id}/cancel", permission: .operate, errors: .martlet) { _, context in
            let id = try context.parameters.require("id")
            try await service.cancel(id)
            return .json(try await Self.json(id, service), status: .accepted)
        }
        routes.post("/api/martlet/v1/pipeline-runs/{id}/resume", permission: .operate, errors: .martlet) { _, context in
            let id = try context.parameters.require("id")
            _ = try await service.resume(id)
            return .json(try await Self.json(id, service), status: .accepted)
        }
        routes.post("/api/martlet/v1/pipeline-runs/{id}/rerun", permission: .operate, errors: .martlet) {
            request,
            context in
            let fields = try JSONFields(try await request.readJSON())
            try fields.rejectUnknown(["task", "dependents"])
            let run = try await service.rerun(
                try fields.string("task"),
                of: try context.parameters.require("id"),
                includesDependents: try fields.optionalBool("dependents") ?? false
            )
            return .json(try await Self.json(run.id, service), status: .created)
        }
        routes.post("/api/martlet/v1/pipeline-cache/clear", permission: .operate, errors: .martlet) { request, _ in
            let fields = try JSONFields(try await request.readJSON())
            try fields.rejectUnknown(["pipeline"])
            let count = try await service.clearCache(pipeline: try fields.optionalString("pipeline"))
            return .json(["cleared": .int(count)])
        }
    }

    private func registerSchemas(in routes: RouteTable) {
        routes.get("/api/martlet/v1/schema/pipelines.json", permission: .read, errors: .martlet) { _, _ in
            .json(PipelineSchema.document)
        }
        routes.get("/api/martlet/v1/schema/martlet.json", permission: .read, errors: .martlet) { _, _ in
            .json(PipelineSchema.manifest)
        }
    }

    /// A run with its first tasks, how many are in which state, and where the next page of them begins.
    private static func json(_ id: String, _ service: PipelineService) async throws -> JSONValue {
        let run = try await service.head(id)
        let page = try await service.tasks(run: id, limit: PipelinesLimits.tasksOfRun)
        let counts = try await service.counts(run: id).map { ($0.0.rawValue, JSONValue.int($0.1)) }
        guard var object = run.json.objectValue else { return run.json }
        object["tasks"] = .array(page.items.map(\.json))
        object["task_counts"] = .object(JSONObject(counts))
        if let token = page.nextPageToken { object["tasks_page_token"] = .string(token) }
        return .object(object)
    }

    private static func limit(_ request: Request) throws -> Int {
        try request.queryInt("limit", in: 1...HTTPLimits.pageSize, default: HTTPLimits.defaultPageSize)
    }

    private static func state<State: RawRepresentable & CaseIterable>(
        _ text: String?,
        _ type: State.Type
    ) throws(MartletError) -> State? where State.RawValue == String {
        guard let text else { return nil }
        if let state = State(rawValue: text) { return state }
        let known = State.allCases.map(\.rawValue).joined(separator: ", ")
        throw MartletError(.invalidArgument, "'state' must be one of \(known), but is '\(text.prefix(40))'.")
    }
}
