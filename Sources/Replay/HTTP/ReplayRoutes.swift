import Core
package import HTTPSupport
import Hummingbird

/// `/api/martlet/v1/replays`: candidates asked again what was asked before.
package struct ReplayRoutes {
    private static let base = "/api/martlet/v1/replays"
    private let service: ReplayService

    /// Routes over a service.
    package init(service: ReplayService) {
        self.service = service
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        let service = service
        routes.get(Self.base, permission: .read, errors: .martlet) { request, _ in
            let page = try await service.replays(
                deployment: request.query("deployment"),
                limit: request.queryInt("limit", in: 1...HTTPLimits.pageSize, default: HTTPLimits.defaultPageSize),
                pageToken: request.query("page_token")
            )
            return .json(page.json(\.json))
        }
        routes.post(Self.base, permission: .operate, errors: .martlet) { request, context in
            let body = try await request.readJSON(limit: ReplayLimits.bodyBytes)
            let wish = try ReplayWish(body: body, now: service.clock.now)
            let record = try await service.start(wish, requestedBy: context.principal.name)
            return .json(record.json, status: .accepted)
        }
        routes.get("\(Self.base)/{id}", permission: .read, errors: .martlet) { _, context in
            .json(try await service.replay(context.parameters.require("id")).json)
        }
        routes.post("\(Self.base)/{id}/cancel", permission: .operate, errors: .martlet) { _, context in
            let id = try context.parameters.require("id")
            return .json(try await service.cancel(id, by: context.principal.name).json)
        }
    }
}
