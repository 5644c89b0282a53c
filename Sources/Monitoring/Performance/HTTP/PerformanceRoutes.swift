import Core
package import HTTPSupport
import Hummingbird

/// `GET /api/martlet/v1/monitors/{name}/performance`: what the predictions of a deployment are worth, by version and time.
package struct PerformanceRoutes {
    private let service: PerformanceService

    /// Routes that read from a service.
    package init(service: PerformanceService) {
        self.service = service
    }

    /// Registers the route, which only reads: `version`, `before` (milliseconds since 1970) and `limit` choose buckets.
    package func register(in routes: RouteTable) {
        let service = service
        routes.get("/api/martlet/v1/monitors/{name}/performance", permission: .read, errors: .martlet) {
            request,
            context in
            let name = try context.parameters.require("name")
            let limit = try request.queryInt(
                "limit",
                in: 1...MonitoredPerformanceLimits.buckets,
                default: HTTPLimits.defaultPageSize
            )
            let number = { (key: String) throws(MartletError) -> Int64? in
                guard let text = request.query(key) else { return nil }
                guard let value = Int64(text), value >= 0 else {
                    throw MartletError(
                        .invalidArgument,
                        "'\(key)' must be a whole number from 0, not '\(text.prefix(40))'."
                    )
                }
                return value
            }
            let version = try number("version").flatMap { Int(exactly: $0) }
            let before = try number("before").map { Timestamp(milliseconds: $0) }
            return .json(
                try await service.report(monitor: name, version: version, before: before, limit: limit)
            )
        }
    }
}
