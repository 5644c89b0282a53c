import Core
import HTTPSupport
import HTTPTypes

/// Rights of single users to single things, in the workspace that the call is for.
extension MLflowUserRoutes {
    func registerPermissions(in routes: RouteTable) {
        let routing = self
        routes.mlflow(.get, "/mlflow/users/current/permissions", version: "3.0", permission: .account) { call in
            let caller = call.context.principal
            guard let id = caller.accountID, let account = routing.administration.directory.account(id: id) else {
                return ["is_admin": .bool(caller.isServerAdministrator), "permissions": []]
            }
            return routing.permissions(of: account, caller)
        }
        routes.mlflow(.get, "/mlflow/users/permissions/list", version: "3.0", permission: .account) { call in
            let caller = call.context.principal
            return routing.permissions(of: try routing.visible(try call.fields.string("username"), to: caller), caller)
        }
        routes.mlflow(.get, "/mlflow/users/permissions/get", version: "3.0", permission: .account) { call in
            let caller = call.context.principal
            let account = try routing.visible(try call.fields.string("username"), to: caller)
            let (type, id) = (try call.fields.string("resource_type"), try call.fields.string("resource_id"))
            let permission = try Self.permission(of: account, type, id, in: caller.workspace)
            return ["allowed": .bool(permission.isAllowed), "permission": .string(permission.rawValue)]
        }
        routes.mlflow(.post, "/mlflow/users/permissions/grant", version: "3.0", permission: .admin) { call in
            let grant = ResourceGrant(
                kind: try MLflowResourceType.kind(try call.fields.string("resource_type")),
                id: try call.fields.string("resource_id"),
                permissions: try MLflowPermission.grantable(try call.fields.string("permission")).permissions
            )
            let name = try call.fields.string("username")
            _ = try await routing.administration.grant(grant, to: name, by: call.context.principal)
            return [:]
        }
        routes.mlflow(.post, "/mlflow/users/permissions/revoke", version: "3.0", permission: .admin) { call in
            let caller = call.context.principal
            let kind = try MLflowResourceType.kind(try call.fields.string("resource_type"))
            let id = try call.fields.string("resource_id")
            let account = try routing.administration.account(named: try call.fields.string("username"))
            let grants = routing.administration.directory.grants(in: caller.workspace)
            guard
                let found = grants.first(where: {
                    $0.accountID == account.id && $0.grant.kind == kind && $0.grant.id == id
                })
            else {
                throw MartletError(
                    .notFound,
                    "'\(account.name)' has no right of its own to \(kind.rawValue) '\(IdentityRules.shown(id))'."
                )
            }
            try await routing.administration.deleteGrant(found.id, by: caller)
            return [:]
        }
    }

    /// What an account may do with a thing: by its role, and by rights of its own.
    private static func permission(
        of account: Account,
        _ type: String,
        _ id: String,
        in workspace: String
    ) throws(MartletError) -> MLflowPermission {
        let byRole = account.permissions(in: workspace)
        if type == "workspace" {
            if byRole.contains(.admin) { return .manage }
            return account.isMember(of: workspace) ? .use : .none
        }
        let resource = ResourceName(kind: try MLflowResourceType.kind(type), id: id)
        var all = byRole
        for grant in account.grants[workspace] ?? [] {
            for permission in grant.permissions.permissions where grant.gives(permission, to: resource) {
                all.formUnion(PermissionSet([permission]))
            }
        }
        return MLflowPermission(all)
    }

    /// `{"is_admin":…,"permissions":[…]}` with a row for each permission of a role and each right.
    private func permissions(of account: Account, _ caller: Principal) -> JSONObject {
        var rows = roles(of: account).filter { maySee($0.workspace, of: account, caller) }.flatMap(\.rows)
        for (workspace, grants) in account.grants.sorted(by: { $0.key < $1.key })
        where maySee(workspace, of: account, caller) {
            for grant in grants {
                rows.append([
                    "role_id": .integer(MLflowNumber.of("own", account.id)),
                    "role_name": .string("__user_\(Self.number(account))__"), "workspace": .string(workspace),
                    "resource_type": .string(grant.kind.rawValue), "resource_pattern": .string(grant.id),
                    "permission": .string(MLflowPermission(grant.permissions).rawValue),
                ])
            }
        }
        return ["is_admin": .bool(account.isServerAdministrator), "permissions": .array(rows)]
    }
}
