package import Core
import HTTPSupport
package import Logging
import Synchronization

/// Who is who, in memory: what every request asks is answered at once, without the database.
///
/// The directory looks for changes of other servers each second, and takes over those of its own store before they
/// return to whoever made them. Without the database it goes on with what it knows.
package final class IdentityDirectory: IdentitySource {
    /// A copy of the sessions; they change with every log-in, the accounts hardly ever.
    private struct Sessions {
        var version: Int64 = -1
        var byHash: [String: Session] = [:]
    }

    /// Where changes are made.
    package let store: AccessStore
    let clock: Clock
    let logger: Logger
    let passwords: PasswordDesk
    private let snapshot = Mutex(IdentitySnapshot(AccessContents()))
    private let sessions = Mutex(Sessions())
    private let uses = Mutex(CredentialUses())
    private let reloads = ReloadLine()

    /// A directory that knows nobody yet; `reload` reads the store.
    package convenience init(store: AccessStore, clock: Clock = .system) {
        self.init(store: store, clock: clock, parameters: .standard, logger: Logger(label: "martlet.access"))
    }

    /// A directory with other parameters of password hashes than usual, for tests.
    package init(store: AccessStore, clock: Clock, parameters: ScryptParameters, logger: Logger) {
        self.store = store
        self.clock = clock
        self.logger = logger
        passwords = PasswordDesk(parameters: parameters, clock: clock)
        store.observe { [weak self] part in await self?.takeOver(part) }
    }

    // MARK: Copies

    /// Reads everything anew.
    package func reload() async throws(MartletError) {
        try await reload(.identities)
        try await reload(.sessions)
    }

    private func reload(_ part: AccessStore.Part) async throws(MartletError) {
        // One after the other, or an older answer of the database could come last and stay.
        try await reloads.run { () async throws(MartletError) in
            switch part {
            case .identities:
                let fresh = IdentitySnapshot(try await store.contents())
                snapshot.withLock { $0 = fresh }
            case .sessions:
                let (version, found) = try await store.sessions()
                let byHash = Dictionary(found.map { ($0.secretHash, $0) }, uniquingKeysWith: { first, _ in first })
                sessions.withLock { sessions in
                    // Uses that are not written yet are known here only.
                    var merged = byHash
                    for (hash, session) in sessions.byHash where merged[hash] != nil {
                        merged[hash]?.seenAt = max(session.seenAt, byHash[hash]?.seenAt ?? session.seenAt)
                    }
                    sessions = Sessions(version: version, byHash: merged)
                }
            }
        }
    }

    /// Takes over a change that the own store has made, before its caller goes on; what fails is tried again each second.
    private func takeOver(_ part: AccessStore.Part) async {
        do throws(MartletError) {
            try await reload(part)
            // A change of accounts may have ended sessions.
            if part == .identities { try await reloadIfOlder() }
        } catch {
            logger.warning("Accounts have changed but cannot be read: \(error.message) Trying again each second.")
        }
    }

    /// Reads the parts that another server has changed.
    package func reloadIfOlder() async throws(MartletError) {
        let versions = try await store.versions()
        if let version = versions[.identities], version != current.version { try await reload(.identities) }
        if let version = versions[.sessions], version != sessions.withLock(\.version) { try await reload(.sessions) }
    }

    /// What is known now.
    var current: IdentitySnapshot { snapshot.withLock { $0 } }

    // MARK: Questions

    /// The account and the token behind a token's secret; nil when it is unknown, expired, revoked or locked.
    package func account(token secret: String) -> (Account, AccessToken)? {
        guard TokenSecret.hasForm(secret), let entry = current.entry(hash: SecretHash(of: secret)) else { return nil }
        let now = clock.now
        guard !entry.account.isDisabled, !entry.token.isExpired(now: now) else { return nil }
        let noted = entry.notedAt.load(ordering: .relaxed)
        if noted == .min || now.milliseconds - noted >= 1000 {
            entry.notedAt.store(now.milliseconds, ordering: .relaxed)
            uses.withLock { $0.tokens[entry.token.id] = now }
        }
        return (entry.account, entry.token)
    }

    /// The account and the console session behind a cookie's secret; nil when it has ended.
    package func account(session secret: String) -> (Account, Session)? {
        guard SessionSecret.isWellFormed(secret) else { return nil }
        let now = clock.now
        let hash = SessionSecret.hash(secret)
        guard let session = sessions.withLock({ $0.byHash[hash] }), SessionRules.isLive(session, now: now) else {
            return nil
        }
        let snapshot = current
        guard let account = snapshot.entry(id: session.accountID)?.account, !account.isDisabled else { return nil }
        if let token = session.tokenID {
            guard let token = snapshot.token(id: token), !token.isExpired(now: now) else { return nil }
        }
        if SessionRules.isWorthNoting(session, now: now) {
            sessions.withLock { $0.byHash[hash]?.seenAt = now }
            uses.withLock { $0.sessions[session.id] = now }
        }
        return (account, session)
    }

    /// The account with an id; nil when there is none.
    package func account(id: String) -> Account? { current.entry(id: id)?.account }

    /// The account of a name, in whatever case; nil when there is none.
    package func account(name: String) -> Account? { current.entry(name: name)?.account }

    /// The token with an id; nil when there is none.
    package func token(id: String) -> AccessToken? { current.token(id: id) }

    /// A workspace that is there; nil when there is none of this name.
    package func workspace(_ name: String) -> Workspace? { current.workspaces[name] }

    /// The workspaces that are there, by name.
    package var workspaces: [String: Workspace] { current.workspaces }

    /// The workspaces that were deleted and can be restored.
    package var deletedWorkspaces: [Workspace] { current.deletedWorkspaces }

    /// Every account, in the order of their names.
    package var accounts: [Account] { current.accounts }

    /// The tokens of an account, the oldest first, with the times of last use that are not written yet.
    package func tokens(of accountID: String) -> [AccessToken] {
        let recent = uses.withLock(\.tokens)
        return current.tokens.filter { $0.accountID == accountID }.map { token in
            recent[token.id].map { token.used(at: $0) } ?? token
        }
    }

    /// The rights to single things in a workspace.
    package func grants(in workspace: String) -> [StoredGrant] {
        current.grants.filter { $0.workspace == workspace }
    }

    /// The people whom issuers vouch for.
    package var subjects: [IssuedSubject] { current.subjects }

    // MARK: Times of last use

    func noteLogin(of accountID: String) {
        let now = clock.now
        uses.withLock { $0.logins[accountID] = now }
    }

    /// Writes the times of last use that were noted.
    package func flush() async throws(MartletError) {
        let pending = uses.withLock { uses in
            defer { uses = CredentialUses() }
            return uses
        }
        guard !pending.isEmpty else { return }
        do {
            try await store.write(pending)
        } catch {
            uses.withLock { $0.restore(pending) }
            throw error
        }
    }

    /// Looks for changes of other servers, writes times of last use and removes what has ended, until it is cancelled.
    package func run() async {
        var (sinceWrite, sincePurge) = (Int64(0), Int64(0))
        while !Task.isCancelled {
            do {
                try await clock.sleep(for: .seconds(IdentityLimits.pollSeconds))
                sinceWrite += IdentityLimits.pollSeconds
                sincePurge += IdentityLimits.pollSeconds
                try await reloadIfOlder()
                if sinceWrite >= IdentityLimits.useWriteSeconds {
                    sinceWrite = 0
                    try await flush()
                }
                if sincePurge >= IdentityLimits.purgeSeconds {
                    sincePurge = 0
                    if try await store.purge() > 0 { try await reload() }
                }
            } catch {
                if !Task.isCancelled { logger.debug("Accounts cannot be read: \(error)") }
            }
        }
        do {
            try await flush()
        } catch {
            logger.warning("When tokens were last used could not be written: \(error.message)")
        }
    }
}

extension AccessToken {
    /// The same token, used later.
    fileprivate func used(at time: Timestamp) -> AccessToken {
        AccessToken(
            id: id,
            prefix: prefix,
            name: name,
            accountID: accountID,
            scopes: scopes,
            workspace: workspace,
            parentID: parentID,
            createdAt: createdAt,
            expiresAt: expiresAt,
            lastUsedAt: max(time, lastUsedAt ?? time),
            ratePerSecond: ratePerSecond
        )
    }
}

/// Lets one reload run at a time.
private actor ReloadLine {
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func run(_ body: () async throws(MartletError) -> Void) async throws(MartletError) {
        if isBusy {
            await withCheckedContinuation { waiting.append($0) }
        }
        isBusy = true
        defer {
            if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
        }
        try await body()
    }
}
