import Access
import Artifacts
import Console
import Core
import HTTPSupport
import Registry
import Secrets
import Serving
import Tracking

/// What the console and MLflow's endpoints are told of accounts, records, secrets and workspaces.
enum ConsoleWiring {
    /// The console's view of a house and of the server's accounts.
    static func access(
        of house: House,
        _ access: AccessHouse,
        _ estate: @escaping @Sendable () -> Estate?
    ) -> ConsoleAccess {
        let secrets = house.stores.secrets
        return ConsoleAccess(
            hasAccounts: access.binding.hasAccounts,
            directory: access.directory,
            administration: AccessAdministration(directory: access.directory),
            providers: access.oidc?.choices ?? [],
            log: house.audit,
            serverLog: access.audit,
            secrets: ConsoleSecrets(
                list: {
                    try await secrets.secrets().map { secret in
                        ConsoleSecrets.Entry(
                            name: secret.name,
                            version: Int(clamping: secret.version),
                            updatedAt: secret.updatedAt,
                            updatedBy: secret.updatedBy
                        )
                    }
                },
                set: { name, value, actor in _ = try await secrets.put(name, value: value, by: actor) },
                delete: { try await secrets.delete($0) }
            ),
            usage: { workspace in
                guard let house = estate()?.open(workspace)?.house else { return nil }
                return await usage(of: house)
            },
            clock: access.clock
        )
    }

    /// How the console declares deployments: by the rules of `martlet apply`.
    static func declarations(_ applier: ManifestApplier) -> ConsoleDeclarations {
        ConsoleDeclarations(
            read: { text in try await BlockingWork.run { try YAMLDocument.parse(text) } },
            compare: { name, entry in
                let difference = try await applier.difference(name, entry)
                let change = difference.changes.first { $0.section == "deployments" && $0.name == name }
                return ConsoleDeclarations.Change(
                    isNew: change?.kind == .created,
                    fields: (change?.fields ?? []).map { ($0.path, $0.before?.description, $0.after?.description) },
                    notes: change?.notes ?? []
                )
            },
            apply: { name, entry in try await applier.apply(name, entry) }
        )
    }

    /// What a workspace uses; what cannot be measured is left out.
    private static func usage(of house: House) async -> WorkspaceUse {
        let artifacts = house.stores.artifacts as? QuotaArtifactStore
        return WorkspaceUse(
            storageBytes: try? await artifacts?.usedBytes(),
            modelMemoryBytes: Int64(house.pool.figures.bytes)
        )
    }

    /// Registers MLflow's endpoints for workspaces, users, roles and permissions.
    static func register(
        _ access: AccessHouse,
        _ estate: @escaping @Sendable () -> Estate?,
        in routes: RouteTable
    ) {
        let administration = AccessAdministration(directory: access.directory)
        MLflowUserRoutes(administration: administration).register(in: routes)
        MLflowWorkspaceRoutes(
            administration: administration,
            isEmpty: { workspace in
                guard let estate = estate() else { return true }
                let stores = try await estate.house(of: workspace).house.stores
                let experiments = try await stores.tracking.experiments()
                // Experiment 0 is there from the beginning.
                guard experiments.allSatisfy({ $0.id == "0" }) else { return false }
                return try await stores.registry.models().isEmpty
            }
        ).register(in: routes)
    }

    /// Whether MLflow's clients may name workspaces.
    static func hasWorkspaces(_ access: AccessHouse) -> Bool {
        access.binding.hasAccounts || access.directory.workspaces.count > 1
    }
}
