import Core
import Drift
package import HTTPSupport
import HTTPTypes
import Hummingbird

/// `/api/martlet/v1/monitors`: what is watched, what was found, reports and snapshots.
package struct MonitorRoutes {
    private static let base = "/api/martlet/v1/monitors"
    private let service: MonitorService

    /// Routes over a service.
    package init(service: MonitorService) {
        self.service = service
    }

    /// Registers the routes; all but `evaluate` only read.
    package func register(in routes: RouteTable) {
        let service = service
        let one = "\(Self.base)/{name}"
        routes.get(Self.base, permission: .read, errors: .martlet) { _, _ in
            let monitors = await service.monitors()
            return .json(Page(items: monitors, nextPageToken: nil).json(\.json))
        }
        routes.get(one, permission: .read, errors: .martlet) { request, context in
            let name = try context.parameters.require("name")
            let detail = try await service.detail(
                name,
                eventLimit: Self.limit(request),
                pageToken: request.query("page_token")
            )
            return .json(detail.json)
        }
        routes.post("\(one)/evaluate", permission: .operate, errors: .martlet) { _, context in
            .json(try await service.evaluate(context.parameters.require("name")).json)
        }
        routes.get("\(one)/report", permission: .read, errors: .martlet) { request, context in
            try await Self.report(request, context.parameters.require("name"), service)
        }
        routes.get("\(one)/snapshots", permission: .read, errors: .martlet) { request, context in
            let page = try await service.snapshots(
                context.parameters.require("name"),
                limit: Self.limit(request),
                pageToken: request.query("page_token")
            )
            return .json(page.json(\.json))
        }
        routes.get("\(one)/snapshots/{snapshot}", permission: .read, errors: .martlet) { _, context in
            let text = try context.parameters.require("snapshot")
            guard let sequence = Int64(text) else {
                throw MartletError(.invalidArgument, "'\(text.prefix(80))' is not the number of a snapshot.")
            }
            return .json(try await service.snapshot(context.parameters.require("name"), sequence).json)
        }
    }

    private static func limit(_ request: Request) throws -> Int {
        try request.queryInt("limit", in: 1...HTTPLimits.pageSize, default: HTTPLimits.defaultPageSize)
    }

    /// JSON, or a page for those who ask for one by `format=html` or `Accept`.
    private static func report(_ request: Request, _ name: String, _ service: MonitorService) async throws -> Response {
        let format = request.query("format")
        guard format == nil || format == "json" || format == "html" else {
            throw MartletError(.invalidArgument, "'format' must be json or html.")
        }
        let accepted = request.headers[.accept] ?? ""
        let isPage = format == "html" || (format == nil && accepted.contains("text/html"))
        let report = try await service.report(name, segment: request.query("segment"))
        guard isPage else { return .json(report.json) }
        return .bytes(report.html(title: "Drift of \(name)"), contentType: "text/html; charset=utf-8")
    }
}
