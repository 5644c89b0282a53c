import Core
import HTTPSupport
import Testing

/// What each caller gets of each route follows from the route's permission and the caller's workspaces alone.
@Suite(.serialized) struct GateWalkTests {
    /// Routes with a rule beside their permission, which the tests of the binary look at: `/` tells programs that the
    /// server is alive, the log-in wants its form, and the figures of the process are the default workspace's.
    private static let exceptions: Set<String> = ["GET /", "POST /login", "GET /metrics"]

    /// Whether a status fits a caller who is known in the workspace, or not at all.
    private static func fits(_ status: UInt, _ route: GateWalk.Route, _ caller: GateWalk.Caller) -> Bool {
        if exceptions.contains("\(route.method) \(route.path)") { return true }
        guard let permissions = caller.permissions else {
            // Credentials that are wrong are told so even where none are asked for.
            let isOpen = route.permission == .open && caller.secret == nil
            return isOpen ? status != 401 && status != 403 : status == 401
        }
        guard permissions.contains(route.permission) else { return status == 403 }
        // What concerns accounts has rules of its own beside the permission: nobody changes another's password.
        if status == 403 { return [.account, .admin, .server].contains(route.permission) }
        // 501 and 503 say that something is not offered, or not by this server.
        return status != 401 && (status < 500 || status == 501 || status == 503)
    }

    @Test func everyRouteByEveryCaller() async throws {
        try await GateWalk.with { walk in
            #expect(walk.routes.count > 200)
            for caller in walk.callers {
                for route in walk.routes {
                    let status = try await walk.ask(route, caller, workspace: "alpha")
                    #expect(Self.fits(status, route, caller), "\(caller.name): \(route) answers \(status)")
                }
            }
        }
    }

    @Test func everyRouteOfAForeignWorkspace() async throws {
        try await GateWalk.with { walk in
            // A server administrator is at home everywhere; whom nobody knows is told nothing of workspaces.
            for caller in walk.callers where caller.permissions != nil && caller.name != "root" {
                for route in walk.routes {
                    let status = try await walk.ask(route, caller, workspace: "beta")
                    #expect(status == 404, "\(caller.name): \(route) answers \(status)")
                }
            }
        }
    }
}
