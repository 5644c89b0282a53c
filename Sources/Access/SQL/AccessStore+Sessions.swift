package import Core
import Storage

extension AccessStore {
    /// Keeps a session that begins; the oldest of an account that has too many ends.
    ///
    /// - Throws: `notFound` for the account or the token that it was begun with.
    package func createSession(_ session: Session) async throws(MartletError) {
        try await change(.sessions) { connection in
            _ = try Self.account(connection, session.accountID)
            if let token = session.tokenID { _ = try Self.token(connection, token) }
            let surplus = try connection.query(
                "SELECT session_id FROM access_sessions WHERE account_id = ? ORDER BY created_at DESC, session_id",
                [.text(session.accountID)]
            ).dropFirst(SessionLimits.sessionsPerAccount - 1)
            for row in surplus { try Self.deleteSession(connection, try row.text("session_id")) }
            try connection.execute(
                """
                INSERT INTO access_sessions (session_id, account_id, secret_hash, created_at, seen_at, expires_at, agent,
                    token_id, scopes, workspace) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(session.id), .text(session.accountID), .text(session.secretHash),
                    .integer(session.createdAt.milliseconds), .integer(session.seenAt.milliseconds),
                    .integer(session.expiresAt.milliseconds), .text(session.agent), SQLValue(session.tokenID),
                    .text(Self.text(of: session.scopes)), SQLValue(session.workspace),
                ]
            )
        }
    }

    /// Ends a session; one that has ended already is no error.
    package func deleteSession(_ id: String) async throws(MartletError) {
        try await change(.sessions) { try Self.deleteSession($0, id) }
    }

    /// Ends every session of an account, and says how many there were.
    package func deleteSessions(of accountID: String) async throws(MartletError) -> Int {
        try await change(.sessions) { connection in
            try connection.execute("DELETE FROM access_sessions WHERE account_id = ?", [.text(accountID)])
        }
    }

    /// The sessions of an account, the newest first; some may have ended by themselves.
    package func sessions(of accountID: String) async throws(MartletError) -> [Session] {
        try await database.read { connection in
            try connection.query(
                "SELECT * FROM access_sessions WHERE account_id = ? ORDER BY created_at DESC, session_id",
                [.text(accountID)]
            ).map { try Self.session($0) }
        }
    }

    private static func deleteSession(_ connection: Connection, _ id: String) throws {
        try connection.execute("DELETE FROM access_sessions WHERE session_id = ?", [.text(id)])
    }

    /// Ends every session of an account within a change of the account; the other part is told, too.
    static func endSessions(_ connection: Connection, of accountID: String) throws {
        let count = try connection.execute("DELETE FROM access_sessions WHERE account_id = ?", [.text(accountID)])
        if count > 0 { try raise(connection, .sessions) }
    }

    /// Raises the number of a part that another part's change has touched.
    static func raise(_ connection: Connection, _ part: Part) throws {
        try connection.execute(
            "UPDATE access_versions SET version = version + 1 WHERE part = ?",
            [.text(part.rawValue)]
        )
    }

    static func session(_ row: Row) throws -> Session {
        Session(
            id: try row.text("session_id"),
            accountID: try row.text("account_id"),
            secretHash: try row.text("secret_hash"),
            tokenID: row.optionalText("token_id"),
            scopes: try permissions(try row.text("scopes")),
            workspace: row.optionalText("workspace"),
            createdAt: try row.timestamp("created_at"),
            seenAt: try row.timestamp("seen_at"),
            expiresAt: try row.timestamp("expires_at"),
            agent: try row.text("agent")
        )
    }
}
