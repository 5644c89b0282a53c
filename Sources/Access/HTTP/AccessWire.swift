package import Core
package import HTTPSupport

/// How accounts, tokens, workspaces and rights look in JSON; no secret and no hash is ever in it.
package enum AccessWire {
    /// An account.
    package static func account(_ account: Account) -> JSONValue {
        var object: JSONObject = [
            "name": .string(account.name), "id": .string(account.id), "kind": .string(account.kind.rawValue),
            "server_administrator": .bool(account.isServerAdministrator), "disabled": .bool(account.isDisabled),
            "has_password": .bool(account.hasPassword), "roles": roles(account.roles),
            "created_at": .integer(account.createdAt.milliseconds),
        ]
        if let time = account.lastLoginAt { object["last_login_at"] = .integer(time.milliseconds) }
        return .object(object)
    }

    /// An account as records of changes show it.
    static func summary(_ account: Account) -> JSONValue {
        [
            "name": .string(account.name), "kind": .string(account.kind.rawValue),
            "server_administrator": .bool(account.isServerAdministrator), "disabled": .bool(account.isDisabled),
            "roles": roles(account.roles),
        ]
    }

    private static func roles(_ roles: [String: Role]) -> JSONValue {
        .object(JSONObject(roles.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value.rawValue)) }))
    }

    /// Permissions by their names, without the one that everybody has.
    package static func permissions(_ permissions: PermissionSet) -> JSONValue {
        .array(permissions.permissions.filter { $0 != .open }.map { .string($0.rawValue) })
    }

    /// A token, without its secret.
    package static func token(_ token: AccessToken, owner: String) -> JSONValue {
        var object: JSONObject = [
            "id": .string(token.id), "name": .string(token.name), "account": .string(owner),
            "prefix": .string(token.prefix), "scopes": permissions(token.scopes),
        ]
        if let workspace = token.workspace { object["workspace"] = .string(workspace) }
        if let rate = token.ratePerSecond { object["rate_per_second"] = .number(rate) }
        object["created_at"] = .integer(token.createdAt.milliseconds)
        if let time = token.expiresAt { object["expires_at"] = .integer(time.milliseconds) }
        if let time = token.lastUsedAt { object["last_used_at"] = .integer(time.milliseconds) }
        return .object(object)
    }

    /// A workspace.
    package static func workspace(_ workspace: Workspace) -> JSONValue {
        var object: JSONObject = [
            "name": .string(workspace.name), "description": .string(workspace.description),
            "quota": quota(workspace.quota),
        ]
        if workspace.createdAt.milliseconds > 0 { object["created_at"] = .integer(workspace.createdAt.milliseconds) }
        if let time = workspace.deletedAt { object["deleted_at"] = .integer(time.milliseconds) }
        return .object(object)
    }

    private static func quota(_ quota: WorkspaceQuota) -> JSONValue {
        var object = JSONObject()
        if let value = quota.storageBytes { object["storage_bytes"] = .integer(value) }
        if let value = quota.requestsPerSecond { object["requests_per_second"] = .number(value) }
        if let value = quota.concurrentTasks { object["concurrent_tasks"] = .integer(value) }
        if let value = quota.modelMemoryBytes { object["model_memory_bytes"] = .integer(value) }
        return .object(object)
    }

    /// A right to one thing.
    package static func grant(_ stored: StoredGrant, owner: String) -> JSONValue {
        [
            "grant_id": .string(stored.id), "account": .string(owner), "workspace": .string(stored.workspace),
            "kind": .string(stored.grant.kind.rawValue), "id": .string(stored.grant.id),
            "permissions": permissions(stored.grant.permissions),
        ]
    }

    /// A rule that turns a group into a role.
    package static func groupRule(_ rule: GroupRule) -> JSONValue {
        var object: JSONObject = ["group": .string(rule.group)]
        if let issuer = rule.issuer { object["issuer"] = .string(issuer) }
        object["workspace"] = .string(rule.workspace)
        if let role = rule.role { object["role"] = .string(role.rawValue) }
        if rule.isServerAdministrator { object["server_administrator"] = true }
        return .object(object)
    }
}
