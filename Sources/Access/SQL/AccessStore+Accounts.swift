package import Core
package import HTTPSupport
import Storage

/// What of an account is to be changed; nil leaves it.
package struct AccountChange: Sendable, Equatable {
    /// Its new name.
    package var name: String?
    /// Whether it manages the server.
    package var isServerAdministrator: Bool?
    /// Whether it is locked out.
    package var isDisabled: Bool?

    /// Changes nothing.
    package init(name: String? = nil, isServerAdministrator: Bool? = nil, isDisabled: Bool? = nil) {
        self.name = name
        self.isServerAdministrator = isServerAdministrator
        self.isDisabled = isDisabled
    }
}

extension AccessStore {
    /// Makes an account.
    ///
    /// - Throws: `invalidArgument` for the name, `alreadyExists`, `resourceExhausted` when there are too many.
    package func createAccount(
        name: String,
        kind: Account.Kind,
        passwordHash: String? = nil,
        isServerAdministrator: Bool = false,
        roles: [String: Role] = [:]
    ) async throws(MartletError) -> Account {
        try IdentityRules.checkAccountName(name)
        let id = Identifier.random()
        let now = clock.now
        return try await change { connection in
            try Self.insertAccount(connection, id, name, kind, passwordHash, isServerAdministrator, now)
            for (workspace, role) in roles {
                try Self.requireWorkspace(connection, workspace)
                try Self.putRole(connection, id, workspace, Self.given, role)
            }
            let account = try Self.account(connection, id)
            connection.note(Change(object: "account:\(name)", before: nil, after: AccessWire.summary(account)))
            return account
        }
    }

    static func insertAccount(
        _ connection: Connection,
        _ id: String,
        _ name: String,
        _ kind: Account.Kind,
        _ passwordHash: String?,
        _ isServerAdministrator: Bool,
        _ now: Timestamp
    ) throws {
        let count = try connection.first("SELECT COUNT(*) AS found FROM access_accounts")
        guard try count?.int("found") ?? 0 < IdentityLimits.accounts else {
            throw MartletError(.resourceExhausted, "There are \(IdentityLimits.accounts) accounts already.")
        }
        guard try connection.first(byNameKey, [.text(IdentityRules.key(name))]) == nil else {
            throw MartletError(.alreadyExists, "There is an account '\(name)' already.")
        }
        try connection.execute(
            """
            INSERT INTO access_accounts (account_id, name, name_key, kind, is_server_administrator, is_disabled,
                password_hash, created_at, password_changed_at) VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?)
            """,
            [
                .text(id), .text(name), .text(IdentityRules.key(name)), .text(kind.rawValue),
                .bool(isServerAdministrator), SQLValue(passwordHash), .integer(now.milliseconds),
                SQLValue(passwordHash == nil ? nil : now.milliseconds),
            ]
        )
    }

    /// Changes an account.
    ///
    /// - Throws: `notFound`, `alreadyExists` for the name, `failedPrecondition` when nobody would be left who manages
    ///   the server.
    package func updateAccount(_ id: String, _ accountChange: AccountChange) async throws(MartletError) -> Account {
        if let name = accountChange.name { try IdentityRules.checkAccountName(name) }
        return try await change { connection in
            let before = try Self.account(connection, id)
            if let name = accountChange.name, name != before.name {
                let other = try connection.first(Self.byNameKey, [.text(IdentityRules.key(name))])
                guard try other?.text("account_id") ?? id == id else {
                    throw MartletError(.alreadyExists, "There is an account '\(name)' already.")
                }
                try connection.execute(
                    "UPDATE access_accounts SET name = ?, name_key = ? WHERE account_id = ?",
                    [.text(name), .text(IdentityRules.key(name)), .text(id)]
                )
            }
            if let value = accountChange.isServerAdministrator {
                try connection.execute(
                    "UPDATE access_accounts SET is_server_administrator = ? WHERE account_id = ?",
                    [.bool(value), .text(id)]
                )
            }
            if let value = accountChange.isDisabled {
                try connection.execute(
                    "UPDATE access_accounts SET is_disabled = ? WHERE account_id = ?",
                    [.bool(value), .text(id)]
                )
                if value { try Self.endSessions(connection, of: id) }
            }
            try Self.requireAdministrator(connection, unlessThereWasNone: before)
            let after = try Self.account(connection, id)
            connection.note(
                Change(
                    object: "account:\(before.name)",
                    before: AccessWire.summary(before),
                    after: AccessWire.summary(after)
                )
            )
            return after
        }
    }

    /// Removes an account with its roles, grants, tokens and sessions.
    ///
    /// - Throws: `notFound`, `failedPrecondition` when nobody would be left who manages the server.
    package func deleteAccount(_ id: String) async throws(MartletError) {
        try await change { connection in
            let account = try Self.account(connection, id)
            try Self.endSessions(connection, of: id)
            for table in ["access_tokens", "access_grants", "access_roles", "access_subjects", "access_accounts"] {
                try connection.execute("DELETE FROM \(table) WHERE account_id = ?", [.text(id)])
            }
            try Self.requireAdministrator(connection, unlessThereWasNone: account)
            connection.note(
                Change(object: "account:\(account.name)", before: AccessWire.summary(account), after: nil)
            )
        }
    }

    /// Sets the hash of a password, or takes the password away; whoever was logged in must log in again.
    ///
    /// - Throws: `notFound`, `failedPrecondition` for a service account.
    package func setPassword(of id: String, hash: String?) async throws(MartletError) {
        let now = clock.now
        try await change { connection in
            let account = try Self.account(connection, id)
            guard account.kind == .user || hash == nil else {
                throw MartletError(
                    .failedPrecondition,
                    "'\(account.name)' is a service account; those have tokens only."
                )
            }
            try connection.execute(
                "UPDATE access_accounts SET password_hash = ?, password_changed_at = ? WHERE account_id = ?",
                [SQLValue(hash), .integer(now.milliseconds), .text(id)]
            )
            try Self.endSessions(connection, of: id)
            connection.note(
                Change(
                    object: "account:\(account.name)/password",
                    before: ["set": .bool(account.hasPassword)],
                    after: ["set": .bool(hash != nil)]
                )
            )
        }
    }

    /// Replaces the hash of a password by a stronger one of the same password, unless it was changed meanwhile.
    func rehash(of id: String, from old: String, to new: String) async throws(MartletError) {
        try await change { connection in
            try connection.execute(
                "UPDATE access_accounts SET password_hash = ? WHERE account_id = ? AND password_hash = ?",
                [.text(new), .text(id), .text(old)]
            )
        }
    }

    static let byNameKey = "SELECT * FROM access_accounts WHERE name_key = ?"

    /// The account with an id.
    static func account(_ connection: Connection, _ id: String) throws -> Account {
        guard let row = try connection.first("SELECT * FROM access_accounts WHERE account_id = ?", [.text(id)]) else {
            throw MartletError(.notFound, "There is no such account.")
        }
        var roles: [String: Role] = [:]
        for row in try connection.query("SELECT * FROM access_roles WHERE account_id = ?", [.text(id)]) {
            let (workspace, role) = (try row.text("workspace"), try role(try row.text("role")))
            roles[workspace] = max(role, roles[workspace] ?? role)
        }
        var grants: [String: [ResourceGrant]] = [:]
        let rows = try connection.query(
            "SELECT * FROM access_grants WHERE account_id = ? ORDER BY created_at, grant_id",
            [.text(id)]
        )
        for row in rows {
            let stored = try grant(row)
            grants[stored.workspace, default: []].append(stored.grant)
        }
        let issued = try connection.first(
            "SELECT MAX(is_server_administrator) AS found FROM access_subjects WHERE account_id = ?",
            [.text(id)]
        )
        return try account(
            row,
            roles: roles,
            grants: grants,
            isServerAdministrator: issued?.optionalInt("found") == 1
        )
    }

    /// Throws when a change left nobody who manages the server; groups do not count, because an issuer may take them.
    static func requireAdministrator(_ connection: Connection, unlessThereWasNone before: Account) throws {
        guard before.isServerAdministrator, !before.isDisabled else { return }
        let left = try connection.first(
            "SELECT COUNT(*) AS found FROM access_accounts WHERE is_server_administrator = 1 AND is_disabled = 0"
        )
        guard try left?.int("found") ?? 0 > 0 else {
            throw MartletError(
                .failedPrecondition,
                "'\(before.name)' is the last account that manages the server; make another one a server administrator first."
            )
        }
    }
}
