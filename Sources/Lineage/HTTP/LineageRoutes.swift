import Core
package import HTTPSupport
import Hummingbird

/// What was made of what, under `/api/martlet/v1/lineage`.
package struct LineageRoutes {
    private let service: LineageService

    /// Routes over one service.
    package init(service: LineageService) {
        self.service = service
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        let service = service
        routes.get("/api/martlet/v1/lineage", permission: .read, errors: .martlet) { request, _ in
            guard let name = request.query("of"), !name.isEmpty else {
                throw MartletError(
                    .invalidArgument,
                    "'of' is missing; name what you ask about, such as model:cancer/3."
                )
            }
            let limit = try request.queryInt(
                "limit",
                in: 1...LineageLimits.walkedEdges,
                default: LineageLimits.walkedEdges
            )
            let directions = try Self.directions(request.query("direction"))
            return .json(try await service.walk(from: name, directions: directions, limit: limit).json)
        }
    }

    private static func directions(_ text: String?) throws(MartletError) -> [LineageDirection] {
        guard let text, text != "both" else { return LineageDirection.allCases }
        guard let direction = LineageDirection(rawValue: text) else {
            throw MartletError(.invalidArgument, "'direction' must be up, down or both, but is '\(text.prefix(50))'.")
        }
        return [direction]
    }
}
