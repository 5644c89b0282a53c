import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird

/// Secrets over HTTP: values go in and never come out.
package struct SecretRoutes {
    private let store: SecretStore
    private static let path = "/api/martlet/v1/secrets"

    /// Routes over a store.
    package init(store: SecretStore) {
        self.store = store
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        let store = store
        routes.get(Self.path, permission: .admin, errors: .martlet) { _, _ in
            .json(["items": .array(try await store.secrets().map(\.json))])
        }
        routes.get("\(Self.path)/{name}", permission: .admin, errors: .martlet) { _, context in
            .json(try await store.secret(context.parameters.require("name")).json)
        }
        routes.put("\(Self.path)/{name}", permission: .admin, errors: .martlet) { request, context in
            let fields = try JSONFields(await request.readJSON(limit: SecretsLimits.bodyBytes))
            try fields.rejectUnknown(["value"])
            let secret = try await store.put(
                context.parameters.require("name"),
                value: try fields.string("value"),
                by: context.principal.name
            )
            return .json(secret.json)
        }
        routes.delete("\(Self.path)/{name}", permission: .admin, errors: .martlet) { _, context in
            try await store.delete(context.parameters.require("name"))
            return .json([:])
        }
        routes.post("/api/martlet/v1/secret-key/rotate", permission: .admin, errors: .martlet) { _, _ in
            let (count, keyID) = try await store.rotate()
            return .json(["rotated": .int(count), "key_id": .string(keyID)])
        }
    }
}
