import Core
import HTTPSupport
import HTTPTypes
import Hummingbird

/// Tokens.
struct TokenRoutes {
    let administration: AccessAdministration

    func register(in routes: RouteTable) {
        registerReads(in: routes)
        registerWrites(in: routes)
    }

    private func registerReads(in routes: RouteTable) {
        let administration = administration
        let path = "\(AccessRoutes.prefix)/tokens"
        routes.get(path, permission: .account, errors: .martlet) { request, context in
            let caller = context.principal
            let listed: [(owner: String, token: AccessToken)]
            if request.query("all") == "true" {
                listed = try administration.allTokens(by: caller)
            } else {
                let (owner, tokens) = try administration.tokens(of: request.query("account"), by: caller)
                listed = tokens.map { (owner.name, $0) }
            }
            return .json(
                try request.page(of: listed, key: \.token.id).json { AccessWire.token($0.token, owner: $0.owner) }
            )
        }
        routes.get("\(path)/{id}", permission: .account, errors: .martlet) { _, context in
            let (owner, token) = try administration.token(try context.captured("id"), by: context.principal)
            return .json(AccessWire.token(token, owner: owner.name))
        }
    }

    private func registerWrites(in routes: RouteTable) {
        let administration = administration
        let path = "\(AccessRoutes.prefix)/tokens"
        let known = ["name", "account", "scopes", "workspace", "expires_in", "expires_at", "rate_per_second"]
        routes.post(path, permission: .account, errors: .martlet) { request, context in
            let fields = try await request.fields(known)
            let new = try Self.token(fields, now: administration.directory.clock.now)
            let (owner, token, secret) = try await administration.createToken(
                new,
                for: try fields.optionalString("account"),
                by: context.principal
            )
            guard var object = AccessWire.token(token, owner: owner.name).objectValue else { return .json([:]) }
            object["secret"] = .string(secret)
            var response = Response.json(.object(object), status: .created)
            response.headers[.cacheControl] = "no-store"
            return response
        }
        routes.delete("\(path)/{id}", permission: .account, errors: .martlet) { _, context in
            try await administration.revokeToken(try context.captured("id"), by: context.principal)
            return .json([:])
        }
    }

    private static func token(_ fields: JSONFields, now: Timestamp) throws -> NewToken {
        var new = NewToken(name: try fields.string("name"))
        if let scopes = try fields.optionalPermissions("scopes") { new.scopes = scopes }
        new.workspace = try fields.optionalString("workspace")
        new.ratePerSecond = try fields.optionalDouble("rate_per_second")
        let (end, life) = (try fields.optionalInt("expires_at"), try fields.optionalDuration("expires_in"))
        guard end == nil || life == nil else {
            throw MartletError(.invalidArgument, "Either 'expires_in' or 'expires_at' can be given, not both.")
        }
        new.expiresAt = life.map { now + $0 } ?? end.map(Timestamp.init(milliseconds:))
        return new
    }
}
