import Core
import HTTPSupport
import Storage

/// How rows become values.
extension AccessStore {
    static func damaged(_ what: String) -> MartletError {
        MartletError(.dataLoss, "The database of accounts holds an unknown \(what).")
    }

    static func text(of permissions: PermissionSet) -> String {
        permissions.permissions.map(\.rawValue).joined(separator: ",")
    }

    static func permissions(_ text: String) throws(MartletError) -> PermissionSet {
        var found: [Permission] = []
        for name in text.split(separator: ",") {
            guard let permission = Permission(rawValue: String(name)) else { throw damaged("permission") }
            found.append(permission)
        }
        return PermissionSet(found)
    }

    static func role(_ text: String) throws(MartletError) -> Role {
        guard let role = Role(rawValue: text) else { throw damaged("role") }
        return role
    }

    static func account(
        _ row: Row,
        roles: [String: Role],
        grants: [String: [ResourceGrant]],
        isServerAdministrator: Bool
    ) throws(MartletError) -> Account {
        guard let kind = Account.Kind(rawValue: try row.text("kind")) else { throw damaged("kind of account") }
        return Account(
            id: try row.text("account_id"),
            name: try row.text("name"),
            kind: kind,
            isServerAdministrator: try row.bool("is_server_administrator") || isServerAdministrator,
            isDisabled: try row.bool("is_disabled"),
            roles: roles,
            grants: grants,
            hasPassword: row.optionalText("password_hash") != nil,
            createdAt: try row.timestamp("created_at"),
            lastLoginAt: row.optionalTimestamp("last_login_at")
        )
    }

    static func grant(_ row: Row) throws(MartletError) -> StoredGrant {
        guard let kind = ResourceKind(rawValue: try row.text("kind")) else { throw damaged("kind of thing") }
        return StoredGrant(
            id: try row.text("grant_id"),
            accountID: try row.text("account_id"),
            workspace: try row.text("workspace"),
            grant: ResourceGrant(
                kind: kind,
                id: try row.text("resource"),
                permissions: try permissions(try row.text("permissions"))
            )
        )
    }

    static func token(_ row: Row) throws(MartletError) -> AccessToken {
        AccessToken(
            id: try row.text("token_id"),
            prefix: try row.text("prefix"),
            name: try row.text("name"),
            accountID: try row.text("account_id"),
            scopes: try permissions(try row.text("scopes")),
            workspace: row.optionalText("workspace"),
            parentID: row.optionalText("parent_id"),
            createdAt: try row.timestamp("created_at"),
            expiresAt: row.optionalTimestamp("expires_at"),
            lastUsedAt: row.optionalTimestamp("last_used_at"),
            ratePerSecond: row.optionalDouble("rate_per_second")
        )
    }

    static func workspace(_ row: Row) throws(MartletError) -> Workspace {
        Workspace(
            name: try row.text("name"),
            description: try row.text("description"),
            createdAt: try row.timestamp("created_at"),
            deletedAt: row.optionalTimestamp("deleted_at"),
            quota: WorkspaceQuota(
                storageBytes: row.optionalInt("storage_bytes"),
                requestsPerSecond: row.optionalDouble("requests_per_second"),
                concurrentTasks: row.optionalInt("concurrent_tasks"),
                modelMemoryBytes: row.optionalInt("model_memory_bytes")
            )
        )
    }

    static func subject(_ row: Row) throws(MartletError) -> IssuedSubject {
        let groups = try row.json("group_names").arrayValue ?? []
        return IssuedSubject(
            issuer: try row.text("issuer"),
            subject: try row.text("subject"),
            accountID: try row.text("account_id"),
            groups: groups.compactMap(\.stringValue)
        )
    }

    static func groupRule(_ row: Row) throws(MartletError) -> GroupRule {
        var role: Role?
        if let text = row.optionalText("role") { role = try self.role(text) }
        return GroupRule(
            issuer: row.optionalText("issuer"),
            group: try row.text("group_name"),
            workspace: try row.text("workspace"),
            role: role,
            isServerAdministrator: try row.bool("is_server_administrator")
        )
    }
}
