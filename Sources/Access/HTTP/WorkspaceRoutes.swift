import Core
import HTTPSupport
import HTTPTypes
import Hummingbird

/// Workspaces, and who has which role in them.
struct WorkspaceRoutes {
    let administration: AccessAdministration

    func register(in routes: RouteTable) {
        registerReads(in: routes)
        registerWrites(in: routes)
        registerRoles(in: routes)
    }

    private func registerReads(in routes: RouteTable) {
        let administration = administration
        let path = "\(AccessRoutes.prefix)/workspaces"
        routes.get(path, permission: .account, errors: .martlet) { request, context in
            var workspaces = administration.workspaces(by: context.principal)
            if request.query("deleted") == "true" {
                workspaces = try administration.deletedWorkspaces(by: context.principal)
            }
            return .json(try request.page(of: workspaces, key: \.name).json(AccessWire.workspace))
        }
        routes.get("\(path)/{name}", permission: .account, errors: .martlet) { _, context in
            let name = try context.captured("name")
            return .json(AccessWire.workspace(try administration.workspace(name, by: context.principal)))
        }
    }

    private func registerWrites(in routes: RouteTable) {
        let administration = administration
        let path = "\(AccessRoutes.prefix)/workspaces"
        routes.post(path, permission: .server, errors: .martlet) { request, context in
            let fields = try await request.fields(["name", "description", "quota"])
            let workspace = try await administration.createWorkspace(
                try fields.string("name"),
                description: try fields.optionalString("description") ?? "",
                quota: try Self.quota(fields) ?? WorkspaceQuota(),
                by: context.principal
            )
            return .json(AccessWire.workspace(workspace), status: .created)
        }
        routes.patch("\(path)/{name}", permission: .server, errors: .martlet) { request, context in
            let fields = try await request.fields(["description", "quota"])
            let change = WorkspaceChange(
                description: try fields.optionalString("description"),
                quota: try Self.quota(fields)
            )
            let name = try context.captured("name")
            return .json(
                AccessWire.workspace(try await administration.updateWorkspace(name, change, by: context.principal))
            )
        }
        routes.delete("\(path)/{name}", permission: .server, errors: .martlet) { _, context in
            try await administration.deleteWorkspace(try context.captured("name"), by: context.principal)
            return .json([:])
        }
        routes.post("\(path)/{name}/restore", permission: .server, errors: .martlet) { _, context in
            let name = try context.captured("name")
            return .json(
                AccessWire.workspace(try await administration.restoreWorkspace(name, by: context.principal))
            )
        }
    }

    private func registerRoles(in routes: RouteTable) {
        let administration = administration
        let path = "\(AccessRoutes.prefix)/workspaces/{name}/roles"
        routes.get(path, permission: .admin, errors: .martlet) { request, context in
            let members = try administration.members(of: try context.captured("name"), by: context.principal)
            return .json(
                try request.page(of: members, key: \.0.name).json { account, role in
                    [
                        "account": .string(account.name), "kind": .string(account.kind.rawValue),
                        "role": .string(role.rawValue),
                    ]
                }
            )
        }
        routes.put("\(path)/{account}", permission: .admin, errors: .martlet) { request, context in
            let fields = try await request.fields(["role"])
            guard let role = try fields.optionalRole("role") else {
                throw MartletError(.invalidArgument, "'role' is missing.")
            }
            let account = try await administration.setRole(
                role,
                of: try context.captured("account"),
                in: try context.captured("name"),
                by: context.principal
            )
            return .json(["account": .string(account.name), "role": .string(role.rawValue)])
        }
        routes.delete("\(path)/{account}", permission: .admin, errors: .martlet) { _, context in
            _ = try await administration.setRole(
                nil,
                of: try context.captured("account"),
                in: try context.captured("name"),
                by: context.principal
            )
            return .json([:])
        }
    }

    /// A quota; members that are missing are without a limit.
    private static func quota(_ fields: JSONFields) throws -> WorkspaceQuota? {
        guard let quota = try fields.optionalFields("quota") else { return nil }
        try quota.rejectUnknown(["storage_bytes", "requests_per_second", "concurrent_tasks", "model_memory_bytes"])
        return WorkspaceQuota(
            storageBytes: try quota.optionalInt("storage_bytes", in: 0 ... .max),
            requestsPerSecond: try quota.optionalDouble("requests_per_second"),
            concurrentTasks: try quota.optionalInt("concurrent_tasks", in: 0 ... .max),
            modelMemoryBytes: try quota.optionalInt("model_memory_bytes", in: 0 ... .max)
        )
    }
}
