import Core
import HTTPSupport
import Hummingbird
import Replay

/// `/api/martlet/v1/deployments/{name}/measurements`: what was measured for a deployment's rollouts.
struct AnalysisRoutes {
    let service: AnalysisService

    /// Registers the route.
    func register(in routes: RouteTable) {
        let service = service
        routes.get("/api/martlet/v1/deployments/{name}/measurements", permission: .read, errors: .martlet) {
            request,
            context in
            let limit = try request.queryInt("limit", in: 1...HTTPLimits.pageSize, default: HTTPLimits.defaultPageSize)
            let items = try await service.list(context.parameters.require("name"), limit: limit)
            return .json(["items": .array(items)])
        }
    }
}
