package import Core
import HTTPSupport
import Storage

extension AccessStore {
    /// Makes a token; the secret is returned this once and kept nowhere.
    ///
    /// - Throws: `notFound` for the account, `invalidArgument` naming what is wrong, `resourceExhausted` when the
    ///   account has too many.
    package func createToken(
        for accountID: String,
        _ new: NewToken
    ) async throws(MartletError) -> (token: AccessToken, secret: String) {
        try IdentityRules.checkText(new.name, "name")
        try IdentityRules.checkRate(new.ratePerSecond, "rate_per_second")
        let now = clock.now
        if let end = new.expiresAt, end <= now || end - now > .seconds(IdentityLimits.tokenDays * 86_400) {
            throw MartletError(
                .invalidArgument,
                "'expires_at' must lie in the future, at most \(IdentityLimits.tokenDays) days from now."
            )
        }
        let secret = TokenSecret.make()
        let token = AccessToken(
            id: Identifier.random(),
            prefix: TokenSecret.shown(secret),
            name: new.name,
            accountID: accountID,
            scopes: new.scopes.union(PermissionSet([.open])),
            workspace: new.workspace,
            parentID: new.parentID,
            createdAt: now,
            expiresAt: new.expiresAt,
            ratePerSecond: new.ratePerSecond
        )
        try await change { connection in
            let account = try Self.account(connection, accountID)
            if let workspace = token.workspace { try Self.requireWorkspace(connection, workspace) }
            if let parent = token.parentID { _ = try Self.token(connection, parent) }
            let count = try connection.first(
                "SELECT COUNT(*) AS found FROM access_tokens WHERE account_id = ?",
                [.text(accountID)]
            )
            guard try count?.int("found") ?? 0 < IdentityLimits.tokensPerAccount else {
                throw MartletError(
                    .resourceExhausted,
                    "'\(account.name)' has \(IdentityLimits.tokensPerAccount) tokens; revoke one that is not needed."
                )
            }
            try Self.insert(connection, token, SecretHash(of: secret))
            connection.note(
                Change(
                    object: "account:\(account.name)/token:\(token.id)",
                    before: nil,
                    after: AccessWire.token(token, owner: account.name)
                )
            )
        }
        return (token, secret)
    }

    private static func insert(_ connection: Connection, _ token: AccessToken, _ hash: SecretHash) throws {
        try connection.execute(
            """
            INSERT INTO access_tokens (token_id, account_id, secret_hash, prefix, name, scopes, workspace, parent_id,
                created_at, expires_at, rate_per_second) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(token.id), .text(token.accountID), .text(hash.text), .text(token.prefix), .text(token.name),
                .text(text(of: token.scopes)), SQLValue(token.workspace), SQLValue(token.parentID),
                .integer(token.createdAt.milliseconds), SQLValue(token.expiresAt?.milliseconds),
                SQLValue(token.ratePerSecond),
            ]
        )
    }

    /// Ends a token, those that were made with it, and the sessions that they began.
    ///
    /// - Throws: `notFound`.
    package func revokeToken(_ id: String) async throws(MartletError) {
        try await change { connection in
            let token = try Self.token(connection, id)
            let owner = try Self.account(connection, token.accountID).name
            var pending = [token]
            var seen: Set<String> = []
            while let next = pending.popLast() {
                guard seen.insert(next.id).inserted else { continue }
                let children = try connection.query(
                    "SELECT * FROM access_tokens WHERE parent_id = ?",
                    [.text(next.id)]
                )
                for child in children { pending.append(try Self.token(child)) }
                try connection.execute("DELETE FROM access_sessions WHERE token_id = ?", [.text(next.id)])
                try connection.execute("DELETE FROM access_tokens WHERE token_id = ?", [.text(next.id)])
                let object = "account:\(owner)/token:\(next.id)"
                connection.note(
                    Change(object: object, before: AccessWire.token(next, owner: owner), after: nil)
                )
            }
        }
    }

    static func token(_ connection: Connection, _ id: String) throws -> AccessToken {
        guard let row = try connection.first("SELECT * FROM access_tokens WHERE token_id = ?", [.text(id)]) else {
            throw MartletError(.notFound, "There is no such token.")
        }
        return try token(row)
    }
}
