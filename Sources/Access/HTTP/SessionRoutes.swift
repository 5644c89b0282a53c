import Core
import HTTPSupport
import Hummingbird

/// The console sessions of the caller.
struct SessionRoutes {
    let administration: AccessAdministration

    func register(in routes: RouteTable) {
        let administration = administration
        let path = "\(AccessRoutes.prefix)/sessions"
        routes.get(path, permission: .account, errors: .martlet) { request, context in
            let sessions = try await administration.sessions(by: context.principal)
            let current = context.principal.sessionID
            return .json(
                try request.page(of: sessions, key: \.id).json { session in
                    [
                        "id": .string(session.id), "agent": .string(session.agent),
                        "current": .bool(session.id == current),
                        "created_at": .integer(session.createdAt.milliseconds),
                        "seen_at": .integer(session.seenAt.milliseconds),
                        "expires_at": .integer(SessionRules.end(of: session).milliseconds),
                    ]
                }
            )
        }
        routes.delete(path, permission: .account, errors: .martlet) { _, context in
            let count = try await administration.endSessions(of: context.principal.name, by: context.principal)
            return .json(["ended": .int(count)])
        }
        routes.delete("\(path)/{id}", permission: .account, errors: .martlet) { _, context in
            try await administration.endSession(try context.captured("id"), by: context.principal)
            return .json([:])
        }
    }
}
