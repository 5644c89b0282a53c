package import Core
package import HTTPSupport
import Storage

/// Roles in workspaces, and rights to single things.
extension AccessStore {
    /// Where a role comes from: somebody gave it, or a group's rule did.
    static let given = "given"
    static let grouped = "groups"

    /// Gives an account a role in a workspace (`*`: in every one), or takes the one that was given.
    ///
    /// - Throws: `notFound` for the account or the workspace.
    package func setRole(_ role: Role?, of accountID: String, in workspace: String) async throws(MartletError)
        -> Account
    {
        try await change { connection in
            let before = try Self.account(connection, accountID)
            try Self.requireWorkspace(connection, workspace)
            if let role {
                try Self.putRole(connection, accountID, workspace, Self.given, role)
            } else {
                try connection.execute(
                    "DELETE FROM access_roles WHERE account_id = ? AND workspace = ? AND source = ?",
                    [.text(accountID), .text(workspace), .text(Self.given)]
                )
            }
            let after = try Self.account(connection, accountID)
            connection.note(
                Change(
                    object: "workspace:\(workspace)/role:\(before.name)",
                    before: before.roles[workspace].map { .string($0.rawValue) },
                    after: after.roles[workspace].map { .string($0.rawValue) }
                )
            )
            return after
        }
    }

    static func putRole(
        _ connection: Connection,
        _ accountID: String,
        _ workspace: String,
        _ source: String,
        _ role: Role
    ) throws {
        try connection.execute(
            """
            INSERT INTO access_roles (account_id, workspace, source, role) VALUES (?, ?, ?, ?)
            ON CONFLICT (account_id, workspace, source) DO UPDATE SET role = excluded.role
            """,
            [.text(accountID), .text(workspace), .text(source), .text(role.rawValue)]
        )
    }

    /// Gives an account a right to one thing; an earlier one to the same thing is replaced.
    ///
    /// - Throws: `notFound` for the account or the workspace, `invalidArgument`, `resourceExhausted`.
    package func putGrant(
        _ grant: ResourceGrant,
        to accountID: String,
        in workspace: String
    ) async throws(MartletError) -> StoredGrant {
        try IdentityRules.check(grant)
        let now = clock.now
        return try await change { connection in
            let account = try Self.account(connection, accountID)
            try Self.requireWorkspace(connection, workspace)
            let key: [SQLValue] = [
                .text(accountID), .text(workspace), .text(grant.kind.rawValue), .text(grant.id),
            ]
            let row = try connection.first(
                "SELECT * FROM access_grants WHERE account_id = ? AND workspace = ? AND kind = ? AND resource = ?",
                key
            )
            let before = try row.map { try Self.grant($0) }
            if before == nil { try Self.requireRoomForGrant(connection, workspace) }
            let id = before?.id ?? Identifier.random()
            try connection.execute(
                """
                INSERT INTO access_grants (account_id, workspace, kind, resource, grant_id, permissions, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (account_id, workspace, kind, resource) DO UPDATE SET permissions = excluded.permissions
                """,
                key + [.text(id), .text(Self.text(of: grant.permissions)), .integer(now.milliseconds)]
            )
            let after = StoredGrant(id: id, accountID: accountID, workspace: workspace, grant: grant)
            connection.note(
                Change(
                    object: "workspace:\(workspace)/grant:\(id)",
                    before: before.map { AccessWire.grant($0, owner: account.name) },
                    after: AccessWire.grant(after, owner: account.name)
                )
            )
            return after
        }
    }

    private static func requireRoomForGrant(_ connection: Connection, _ workspace: String) throws {
        let count = try connection.first(
            "SELECT COUNT(*) AS found FROM access_grants WHERE workspace = ?",
            [.text(workspace)]
        )
        guard try count?.int("found") ?? 0 < IdentityLimits.grantsPerWorkspace else {
            throw MartletError(
                .resourceExhausted,
                "The workspace has \(IdentityLimits.grantsPerWorkspace) grants; give a role, or a grant with an asterisk."
            )
        }
    }

    /// Takes a right away; one of another workspace is not there.
    ///
    /// - Throws: `notFound`.
    package func deleteGrant(_ id: String, in workspace: String) async throws(MartletError) {
        try await change { connection in
            let row = try connection.first(
                "SELECT * FROM access_grants WHERE grant_id = ? AND workspace = ?",
                [.text(id), .text(workspace)]
            )
            guard let row else { throw MartletError(.notFound, "There is no such grant in this workspace.") }
            let grant = try Self.grant(row)
            let owner = try Self.account(connection, grant.accountID).name
            try connection.execute("DELETE FROM access_grants WHERE grant_id = ?", [.text(id)])
            connection.note(
                Change(
                    object: "workspace:\(workspace)/grant:\(id)",
                    before: AccessWire.grant(grant, owner: owner),
                    after: nil
                )
            )
        }
    }

    /// Forgets the rights to a thing that is gone, so that a later one of the same name does not inherit them.
    package func forgetGrants(of resource: ResourceName, in workspace: String) async throws(MartletError) {
        try await moveGrants(of: resource, to: nil, in: workspace)
    }

    /// Lets the rights to a thing follow it to its new name.
    package func renameGrants(
        of resource: ResourceName,
        to name: String,
        in workspace: String
    ) async throws(MartletError) {
        try await moveGrants(of: resource, to: name, in: workspace)
    }

    private func moveGrants(
        of resource: ResourceName,
        to name: String?,
        in workspace: String
    ) async throws(MartletError) {
        let key: [SQLValue] = [.text(workspace), .text(resource.kind.rawValue)]
        let old = SQLValue.text(resource.id)
        let found = try await database.read { connection in
            try connection.first(
                "SELECT grant_id FROM access_grants WHERE workspace = ? AND kind = ? AND resource = ?",
                key + [old]
            )
        }
        guard found != nil else { return }
        try await change { connection in
            guard let name else {
                try connection.execute(
                    "DELETE FROM access_grants WHERE workspace = ? AND kind = ? AND resource = ?",
                    key + [old]
                )
                return
            }
            // What stood for the new name belonged to nothing, or to something that is gone.
            try connection.execute(
                "DELETE FROM access_grants WHERE workspace = ? AND kind = ? AND resource = ?",
                key + [.text(name)]
            )
            try connection.execute(
                "UPDATE access_grants SET resource = ? WHERE workspace = ? AND kind = ? AND resource = ?",
                [.text(name)] + key + [old]
            )
        }
    }
}
