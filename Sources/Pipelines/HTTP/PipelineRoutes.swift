import Core
package import HTTPSupport
import Hummingbird

/// Pipelines, their runs and logs under `/api/martlet/v1`.
package struct PipelineRoutes {
    private let service: PipelineService

    /// Routes over one service.
    package init(service: PipelineService) {
        self.service = service
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        registerPipelines(in: routes)
        registerRuns(in: routes)
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
            try fields.rejectUnknown(["parameters", "trigger", "idempotency_key"])
            let id = try await service.startRun(
                pipeline: name,
                parameters: try fields.optionalObject("parameters") ?? [:],
                trigger: try fields.optionalString("trigger") ?? "manual",
                key: try fields.optionalString("idempotency_key")
            )
            return .json(try await service.run(id).json, status: .created)
        }
    }

    private func registerRuns(in routes: RouteTable) {
        let service = service
        routes.get("/api/martlet/v1/pipeline-runs", permission: .read, errors: .martlet) { request, _ in
            let limit = try request.queryInt(
                "limit",
                in: 1...HTTPLimits.pageSize,
                default: HTTPLimits.defaultPageSize
            )
            let page = try await service.runs(
                pipeline: request.query("pipeline"),
                limit: limit,
                pageToken: request.query("page_token")
            )
            return .json(page.json(\.json))
        }
        routes.get("/api/martlet/v1/pipeline-runs/{id}", permission: .read, errors: .martlet) { _, context in
            .json(try await service.run(context.parameters.require("id")).json)
        }
        routes.get("/api/martlet/v1/pipeline-runs/{id}/logs", permission: .read, errors: .martlet) { request, context in
            let id = try context.parameters.require("id")
            guard let task = request.query("task"), !task.isEmpty else {
                throw MartletError(.invalidArgument, "'task' is missing; name the task whose log you want.")
            }
            let after = try request.queryInt("after", in: 0...Int.max, default: 0)
            let limit = try request.queryInt("limit", in: 1...PipelinesLimits.logPage, default: PipelinesLimits.logPage)
            // The state first: lines written before it was final are then in the answer.
            let state = try await service.run(id).task(task)?.state
            let lines = try await service.logs(run: id, task: task, after: Int64(after), limit: limit)
            let next = lines.last?.position ?? Int64(after)
            let isComplete = lines.count < limit && state?.isFinal ?? true
            return .json([
                "items": .array(lines.map(\.json)), "next_after": .integer(next), "complete": .bool(isComplete),
            ])
        }
        routes.post("/api/martlet/v1/pipeline-runs/{id}/cancel", permission: .operate, errors: .martlet) { _, context in
            let id = try context.parameters.require("id")
            try await service.cancel(id)
            return .json(try await service.run(id).json, status: .accepted)
        }
    }
}
