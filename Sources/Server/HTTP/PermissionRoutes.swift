import Core
import HTTPSupport
import Hummingbird

/// What each route asks of its callers: for administrators who give out roles, and for tests of the gate.
struct PermissionRoutes {
    /// Every route, once all are registered.
    let entries: @Sendable () -> [RouteTable.Entry]

    /// Registers the route.
    func register(in routes: RouteTable) {
        let entries = entries
        routes.get("/api/martlet/v1/permissions", permission: .account, errors: .martlet) { _, _ in
            let items = entries().map { entry -> JSONValue in
                [
                    "method": .string(entry.method), "path": .string(entry.path),
                    "permission": .string(entry.permission.rawValue), "audited": .bool(entry.isAudited),
                ]
            }
            return .json(["items": .array(items)])
        }
    }
}
