import Core
import HTTPSupport
import HTTPTypes

/// Roles: the four of every workspace can be looked at, given and taken; none can be made or changed.
extension MLflowUserRoutes {
    func registerRoles(in routes: RouteTable) {
        let routing = self
        routes.mlflow(.get, "/mlflow/roles/get", version: "3.0", permission: .admin) { call in
            ["role": try routing.role(call).json]
        }
        routes.mlflow(.get, "/mlflow/roles/list", version: "3.0", permission: .admin) { call in
            let caller = call.context.principal
            var named = try call.fields.strings("workspace")
            if named.isEmpty {
                try routing.administration.requireServer(caller)
                named = routing.administration.directory.workspaces.keys.sorted()
            }
            var roles: [JSONValue] = []
            for workspace in named {
                try routing.administration.requireAdministrator(caller, of: workspace)
                _ = try routing.administration.workspace(workspace, by: caller)
                roles += Role.allCases.map { MLflowRole(workspace: workspace, role: $0).json }
            }
            return ["roles": .array(roles)]
        }
        routes.mlflow(.get, "/mlflow/roles/permissions/list", version: "3.0", permission: .admin) { call in
            ["role_permissions": .array(try routing.role(call).permissionsJSON)]
        }
        routes.mlflow(.get, "/mlflow/roles/users/list", version: "3.0", permission: .admin) { call in
            let role = try routing.role(call)
            let accounts = routing.administration.directory.accounts.filter {
                $0.role(in: role.workspace) == role.role
            }
            return ["assignments": .array(accounts.map { Self.assignment(role, $0) })]
        }
        routes.mlflow(.get, "/mlflow/users/roles/list", version: "3.0", permission: .account) { call in
            let caller = call.context.principal
            let account = try routing.visible(try call.fields.string("username"), to: caller)
            let roles = routing.roles(of: account).filter { routing.maySee($0.workspace, of: account, caller) }
            return ["roles": .array(roles.map(\.json))]
        }
        registerAssigning(in: routes)
        registerFixed(in: routes)
    }

    private func registerAssigning(in routes: RouteTable) {
        let routing = self
        routes.mlflow(.post, "/mlflow/roles/assign", version: "3.0", permission: .admin) { call in
            let (role, caller) = (try routing.role(call), call.context.principal)
            let account = try await routing.administration.setRole(
                role.role,
                of: try call.fields.string("username"),
                in: role.workspace,
                by: caller
            )
            return ["assignment": Self.assignment(role, account)]
        }
        routes.mlflow(.delete, "/mlflow/roles/unassign", version: "3.0", permission: .admin) { call in
            let (role, caller) = (try routing.role(call), call.context.principal)
            let name = try call.fields.string("username")
            let account = try routing.administration.account(named: name)
            guard account.roles[role.workspace] == role.role else {
                throw MartletError(
                    .notFound,
                    "'\(account.name)' has not been given the role '\(role.role.rawValue)' in '\(role.workspace)'."
                )
            }
            _ = try await routing.administration.setRole(nil, of: name, in: role.workspace, by: caller)
            return [:]
        }
    }

    /// What MLflow can do to roles and this server cannot.
    private func registerFixed(in routes: RouteTable) {
        let paths: [(HTTPRequest.Method, String)] = [
            (.post, "create"), (.patch, "update"), (.delete, "delete"), (.post, "permissions/add"),
            (.patch, "permissions/update"), (.delete, "permissions/remove"),
        ]
        for (method, path) in paths {
            routes.mlflow(method, "/mlflow/roles/\(path)", version: "3.0", permission: .admin) { _ in
                let names = Role.allCases.map(\.rawValue).joined(separator: ", ")
                throw MartletError(
                    .failedPrecondition,
                    "Every workspace has the roles \(names), and no others can be made. Assign one of them, or give a "
                        + "right to a single thing with users/permissions/grant."
                )
            }
        }
    }

    /// The role that a call names by its number, in a workspace that the caller manages.
    private func role(_ call: MLflowCall) throws(MartletError) -> MLflowRole {
        let id = try call.fields.int64("role_id")
        for workspace in administration.directory.workspaces.keys {
            for role in Role.allCases {
                let found = MLflowRole(workspace: workspace, role: role)
                guard found.id == id else { continue }
                let caller = call.context.principal
                guard caller.permissions.contains(.server) || workspace == caller.workspace else { break }
                return found
            }
        }
        throw MartletError(.notFound, "Role with id=\(id) not found")
    }

    /// Whether a caller may know what role somebody has in a workspace.
    func maySee(_ workspace: String, of account: Account, _ caller: Principal) -> Bool {
        account.id == caller.accountID || caller.permissions.contains(.server)
            || (caller.permissions.contains(.admin) && workspace == caller.workspace)
    }

    private static func assignment(_ role: MLflowRole, _ account: Account) -> JSONValue {
        [
            "id": .integer(MLflowNumber.of("assignment", role.workspace, role.role.rawValue, account.id)),
            "user_id": .integer(number(account)), "role_id": .integer(role.id),
        ]
    }
}
