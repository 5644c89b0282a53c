import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird

/// Martlet's own API over manifests, signatures, trusted keys and policies of aliases.
package struct SigningRoutes {
    private let store: RegistryStore
    private let prefix = "/api/martlet/v1"

    /// Routes over a store.
    package init(store: RegistryStore) {
        self.store = store
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        registerKeys(in: routes)
        registerVersions(in: routes)
        registerPolicies(in: routes)
    }

    private func registerKeys(in routes: RouteTable) {
        let store = store
        routes.get("\(prefix)/signing-keys", permission: .read, errors: .martlet) { _, _ in
            .json(["items": .array(try await store.trustedKeys().map(\.json))])
        }
        routes.post("\(prefix)/signing-keys", permission: .admin, errors: .martlet) { request, _ in
            let fields = try JSONFields(try await request.readJSON(limit: RegistryLimits.keyCharacters * 4))
            try fields.rejectUnknown(["name", "public_key"])
            let key = try await store.trust(pem: try fields.string("public_key"), as: try fields.string("name"))
            return .json(key.json, status: .created)
        }
        routes.delete("\(prefix)/signing-keys/{key}", permission: .admin, errors: .martlet) { _, context in
            .json(try await store.revokeKey(try context.parameters.require("key")).json)
        }
    }

    private func registerVersions(in routes: RouteTable) {
        let store = store
        let path = "\(prefix)/models/{name}/versions/{version}"
        routes.get("\(path)/supply", permission: .read, errors: .martlet) { _, context in
            let (name, version) = try Self.place(context)
            return .json(try await store.supply(of: name, version).json)
        }
        // It reads every file of the version, which is more than looking at a page.
        routes.post("\(path)/verify", permission: .write, errors: .martlet) { _, context in
            let (name, version) = try Self.place(context)
            let report = try await store.supply(of: name, version)
            var answer = report.json.objectValue ?? [:]
            do {
                try await store.verifyFiles(of: name, version)
                answer["files_fault"] = report.manifest.files.isEmpty ? "There is no manifest yet." : .null
            } catch let error as MartletError where error.code == .dataLoss {
                answer["files_fault"] = .string(error.message)
            }
            return .json(.object(answer))
        }
        routes.post("\(path)/signatures", permission: .write, errors: .martlet) { request, context in
            let (name, version) = try Self.place(context)
            let fields = try JSONFields(try await request.readJSON(limit: RegistryLimits.keyCharacters))
            try fields.rejectUnknown(["key", "signature"])
            let report = try await store.sign(
                name,
                version,
                signature: try fields.string("signature"),
                key: try fields.string("key")
            )
            return .json(report.json, status: .created)
        }
        routes.delete("\(path)/signatures/{key}", permission: .operate, errors: .martlet) { _, context in
            let (name, version) = try Self.place(context)
            try await store.unsign(name, version, key: try context.parameters.require("key"))
            return .json(try await store.supply(of: name, version).json)
        }
    }

    private func registerPolicies(in routes: RouteTable) {
        let store = store
        let path = "\(prefix)/models/{name}/alias-policies/{alias}"
        routes.get("\(prefix)/alias-policies", permission: .read, errors: .martlet) { _, _ in
            .json(["items": .array(try await store.policies().map(\.json))])
        }
        routes.put(path, permission: .admin, errors: .martlet) { request, context in
            let fields = try JSONFields(try await request.readJSON(limit: RegistryLimits.keyCharacters * 4))
            try fields.rejectUnknown(["signatures", "keys"])
            let signatures = try fields.optionalInt("signatures", in: 1...Int64(RegistryLimits.policySignatures))
            let policy = try await store.setPolicy(
                model: try context.parameters.require("name"),
                alias: try context.parameters.require("alias"),
                signatures: Int(signatures ?? 1),
                keys: fields.value("keys") == nil ? [] : try fields.strings("keys")
            )
            return .json(policy.json)
        }
        routes.delete(path, permission: .admin, errors: .martlet) { _, context in
            try await store.deletePolicy(
                model: try context.parameters.require("name"),
                alias: try context.parameters.require("alias")
            )
            return .json([:])
        }
    }

    /// The model and the version that a path names.
    private static func place(_ context: AppRequestContext) throws -> (name: String, version: Int) {
        let text = try context.parameters.require("version")
        guard let version = Int(text), version > 0 else {
            throw MartletError(
                .invalidArgument,
                "'version' must be a positive whole number, but is '\(text.prefix(40))'."
            )
        }
        return (try context.parameters.require("name"), version)
    }
}
