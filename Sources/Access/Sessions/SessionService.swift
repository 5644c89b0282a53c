package import Core
import HTTPSupport

/// Begins and ends console sessions; who is behind one is asked of `IdentityDirectory`.
package struct SessionService: Sendable {
    /// A session that has begun, and what the browser is told to keep of it.
    package struct Begun: Sendable {
        /// The session.
        package let session: Session
        /// The value of `Set-Cookie`.
        package let setCookie: String
    }

    private let store: AccessStore
    private let clock: Clock

    /// Keeps sessions in `store`.
    package init(store: AccessStore, clock: Clock = .system) {
        self.store = store
        self.clock = clock
    }

    /// Begins a session after a login.
    ///
    /// Its secret is always made here and now: one that a browser brought along, which somebody else may have planted,
    /// never becomes valid, and the session behind it ends.
    ///
    /// - Parameters:
    ///   - account: who logged in.
    ///   - token: the token they logged in with; the session does no more than it and does not outlive it.
    ///   - agent: what the browser calls itself.
    ///   - replaced: the id of the session that the browser has had so far.
    ///   - isSecure: whether the request came over TLS.
    /// - Returns: the session and its cookie.
    /// - Throws: `notFound` when the account or the token has gone meanwhile.
    package func begin(
        _ account: Account,
        token: AccessToken? = nil,
        agent: String? = nil,
        replacing replaced: String? = nil,
        isSecure: Bool
    ) async throws(MartletError) -> Begun {
        let now = clock.now
        let secret = SessionSecret.make()
        let latest = now + .seconds(SessionLimits.absoluteSeconds)
        let session = Session(
            id: Identifier.random(),
            accountID: account.id,
            secretHash: SessionSecret.hash(secret),
            tokenID: token?.id,
            scopes: token?.scopes ?? .all,
            workspace: token?.workspace,
            createdAt: now,
            seenAt: now,
            expiresAt: min(latest, token?.expiresAt ?? latest),
            agent: Self.shown(agent ?? "")
        )
        try await store.createSession(session)
        if let replaced { try await end(replaced) }
        return Begun(session: session, setCookie: SessionCookie.setting(secret, isSecure: isSecure))
    }

    /// Ends one session; one that has ended already stays so.
    package func end(_ id: String) async throws(MartletError) {
        try await store.deleteSession(id)
    }

    /// Ends every session of an account and says how many there were.
    @discardableResult package func endAll(of accountID: String) async throws(MartletError) -> Int {
        try await store.deleteSessions(of: accountID)
    }

    /// The sessions of an account that count, the last used first.
    package func sessions(of accountID: String) async throws(MartletError) -> [Session] {
        let now = clock.now
        return try await store.sessions(of: accountID).filter { SessionRules.isLive($0, now: now) }
            .sorted { ($0.seenAt, $0.id) > ($1.seenAt, $1.id) }
    }

    /// A browser's name as it may be kept: short, and without characters that would act.
    private static func shown(_ agent: String) -> String {
        String(
            String.UnicodeScalarView(
                agent.unicodeScalars.filter { $0.value >= 0x20 && $0.value < 0x7F }.prefix(
                    SessionLimits.agentCharacters
                )
            )
        )
    }
}
