package import Core
import HTTPSupport
import Storage

/// Everything that the directory keeps in memory, read in one transaction.
struct AccessContents: Sendable {
    var version: Int64 = 0
    var accounts: [(account: Account, passwordHash: String?)] = []
    var tokens: [(token: AccessToken, hash: SecretHash)] = []
    var workspaces: [Workspace] = []
    var subjects: [IssuedSubject] = []
    var grants: [StoredGrant] = []
}

extension AccessStore {
    /// Reads all identities as they are at one moment.
    func contents() async throws(MartletError) -> AccessContents {
        try await database.read { try Self.contents($0) }
    }

    private static func contents(_ connection: Connection) throws -> AccessContents {
        var contents = AccessContents()
        contents.version = try versions(connection)[.identities] ?? 0
        contents.workspaces = try connection.query("SELECT * FROM access_workspaces ORDER BY name").map {
            try workspace($0)
        }
        contents.grants = try connection.query("SELECT * FROM access_grants ORDER BY created_at, grant_id").map {
            try grant($0)
        }
        var roles: [String: [String: Role]] = [:]
        for row in try connection.query("SELECT * FROM access_roles") {
            let (id, place, role) = (
                try row.text("account_id"), try row.text("workspace"), try role(try row.text("role"))
            )
            roles[id, default: [:]][place] = max(role, roles[id]?[place] ?? role)
        }
        var grants: [String: [String: [ResourceGrant]]] = [:]
        for grant in contents.grants {
            grants[grant.accountID, default: [:]][grant.workspace, default: []].append(grant.grant)
        }
        var administrators: Set<String> = []
        for row in try connection.query("SELECT * FROM access_subjects ORDER BY created_at, subject") {
            let known = try subject(row)
            contents.subjects.append(known)
            if try row.bool("is_server_administrator") { administrators.insert(known.accountID) }
        }
        contents.accounts = try connection.query("SELECT * FROM access_accounts ORDER BY name_key").map { row in
            let id = try row.text("account_id")
            let account = try account(
                row,
                roles: roles[id] ?? [:],
                grants: grants[id] ?? [:],
                isServerAdministrator: administrators.contains(id)
            )
            return (account, row.optionalText("password_hash"))
        }
        contents.tokens = try connection.query("SELECT * FROM access_tokens ORDER BY created_at, token_id").map { row in
            guard let hash = SecretHash(text: try row.text("secret_hash")) else { throw damaged("token") }
            return (try token(row), hash)
        }
        return contents
    }

    /// Reads all sessions, and the number of their part.
    func sessions() async throws(MartletError) -> (version: Int64, sessions: [Session]) {
        try await database.read { connection in
            let version = try Self.versions(connection)[.sessions] ?? 0
            return (version, try connection.query("SELECT * FROM access_sessions").map { try Self.session($0) })
        }
    }

    /// When tokens, sessions and accounts were last used, by id; a time that is later already stays.
    func write(_ uses: CredentialUses) async throws(MartletError) {
        let columns: [(table: String, id: String, time: String, uses: [String: Timestamp])] = [
            ("access_tokens", "token_id", "last_used_at", uses.tokens),
            ("access_sessions", "session_id", "seen_at", uses.sessions),
            ("access_accounts", "account_id", "last_login_at", uses.logins),
        ]
        for column in columns {
            var rest = Array(column.uses)[...]
            while !rest.isEmpty {
                let batch = rest.prefix(IdentityLimits.usesPerWrite)
                rest = rest.dropFirst(IdentityLimits.usesPerWrite)
                // No number is raised: nobody decides anything by these times but the owner who looks at them.
                try await database.write { connection in
                    for (id, time) in batch {
                        try connection.execute(
                            """
                            UPDATE \(column.table) SET \(column.time) = ?
                            WHERE \(column.id) = ? AND (\(column.time) IS NULL OR \(column.time) < ?)
                            """,
                            [.integer(time.milliseconds), .text(id), .integer(time.milliseconds)]
                        )
                    }
                }
            }
        }
    }

    /// Removes sessions that have ended, and tokens that expired long ago; says how many.
    package func purge() async throws(MartletError) -> Int {
        let now = clock.now
        let idle = now - .seconds(SessionLimits.idleSeconds)
        let expired = now - .seconds(IdentityLimits.expiredTokenDays * 86_400)
        return try await database.write { connection in
            let sessions = try connection.execute(
                "DELETE FROM access_sessions WHERE expires_at <= ? OR seen_at <= ?",
                [.integer(now.milliseconds), .integer(idle.milliseconds)]
            )
            let tokens = try connection.execute(
                "DELETE FROM access_tokens WHERE expires_at IS NOT NULL AND expires_at <= ?",
                [.integer(expired.milliseconds)]
            )
            return sessions + tokens
        }
    }
}

/// When what was last used.
struct CredentialUses: Sendable {
    var tokens: [String: Timestamp] = [:]
    var sessions: [String: Timestamp] = [:]
    var logins: [String: Timestamp] = [:]

    var isEmpty: Bool { tokens.isEmpty && sessions.isEmpty && logins.isEmpty }

    /// Takes over times that could not be written; later ones that came meanwhile stay.
    mutating func restore(_ other: CredentialUses) {
        tokens.merge(other.tokens) { max($0, $1) }
        sessions.merge(other.sessions) { max($0, $1) }
        logins.merge(other.logins) { max($0, $1) }
    }
}
