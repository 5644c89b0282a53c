import Core
package import HTTPSupport
import Hummingbird

/// `GET /api/martlet/v1/monitors` and `/monitors/{name}`: what is watched and what was found.
package struct MonitorRoutes {
    private let service: MonitorService

    /// Routes that read from a service.
    package init(service: MonitorService) {
        self.service = service
    }

    /// Registers the routes; both only read.
    package func register(in routes: RouteTable) {
        let service = service
        routes.get("/api/martlet/v1/monitors", permission: .read, errors: .martlet) { _, _ in
            let monitors = await service.monitors()
            return .json(Page(items: monitors, nextPageToken: nil).json(\.json))
        }
        routes.get("/api/martlet/v1/monitors/{name}", permission: .read, errors: .martlet) { request, context in
            let name = try context.parameters.require("name")
            let limit = try request.queryInt(
                "limit",
                in: 1...HTTPLimits.pageSize,
                default: HTTPLimits.defaultPageSize
            )
            let detail = try await service.detail(name, eventLimit: limit, pageToken: request.query("page_token"))
            return .json(detail.json)
        }
    }
}
