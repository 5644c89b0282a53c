package import Core
package import HTTPSupport

/// What the gate says at once.
package enum Admission: Sendable {
    /// The caller is known and may go to the workspace's routes, which ask for permissions.
    case admitted(Principal)
    /// The caller may not.
    case refused(MartletError)
    /// A password or a signature must be checked first; `admit` does that.
    case later
}

/// The one check in front of every protocol: who calls, for which workspace, and whether not too often.
///
/// What a caller may do is in the principal; `RouteAccess`, the lane and gRPC compare it with what the route needs.
package final class Gatekeeper: Sendable {
    /// Whether callers must be known.
    package enum Mode: Sendable {
        /// Nobody logs in: whoever reaches the server, on loopback only, is its administrator.
        case off
        /// Callers have accounts.
        case accounts
    }

    /// Whether callers must be known.
    package let mode: Mode
    private let identities: any IdentitySource
    private let bearer: (any BearerVerifier)?
    private let rates: RateLimiter
    /// The passes of running tasks.
    package let passes = TaskPasses()

    /// A gate.
    ///
    /// - Parameters:
    ///   - mode: whether callers must be known.
    ///   - identities: who is who.
    ///   - bearer: checks tokens of issuers outside; nil without such.
    package init(mode: Mode, identities: any IdentitySource, bearer: (any BearerVerifier)? = nil) {
        self.mode = mode
        self.identities = identities
        self.bearer = bearer
        rates = RateLimiter()
    }

    /// Says who calls if that takes no waiting; the request is not counted yet, `spend` does that.
    package func admitNow(_ caller: Caller) -> Admission {
        do throws(MartletError) {
            guard let who = try known(caller) else { return .later }
            return .admitted(try place(who, caller))
        } catch {
            return .refused(error)
        }
    }

    /// Says who calls; the request is not counted yet, `spend` does that.
    ///
    /// - Throws: `unauthenticated` for credentials that are wrong, `notFound` for a workspace that the caller has no part
    ///   in, `resourceExhausted` after too many failed log-ins.
    package func admit(_ caller: Caller) async throws(MartletError) -> Principal {
        if let who = try known(caller) { return try place(who, caller) }
        switch Credentials(caller.authorization ?? "") {
        case .password(let name, let password):
            let account = try await identities.account(name: name, password: password, from: caller.address)
            return try place(.account(account), caller)
        case .bearer(let text):
            guard let account = try await bearer?.account(bearer: text) else { throw Self.unknownToken }
            return try place(.account(account), caller)
        case .token, .malformed: throw Self.unknownToken
        }
    }

    // MARK: Who

    private enum Who {
        case nobody
        case local
        case account(Account)
        case token(Account, AccessToken)
        case session(Account, Session)
        case task(Principal)
    }

    /// Who calls; nil when that takes waiting.
    private func known(_ caller: Caller) throws(MartletError) -> Who? {
        if mode == .off { return .local }
        guard let authorization = caller.authorization, !authorization.isEmpty else {
            guard let session = caller.session, let (account, found) = identities.account(session: session) else {
                return .nobody
            }
            return .session(account, found)
        }
        switch Credentials(authorization) {
        case .token(let secret):
            guard let (account, token) = identities.account(token: secret) else { throw Self.unknownToken }
            return .token(account, token)
        case .password(let name, let password):
            return identities.cachedAccount(name: name, password: password).map { .account($0) }
        case .bearer(let text) where text.utf8.starts(with: TaskPasses.prefix.utf8):
            guard let principal = passes.principal(text) else { throw Self.unknownToken }
            return .task(principal)
        case .bearer(let text):
            guard let bearer else { throw Self.unknownToken }
            return bearer.cachedAccount(bearer: text).map { .account($0) }
        case .malformed:
            throw MartletError(
                .unauthenticated,
                "The Authorization header is malformed or of an unknown scheme; send Bearer and a token, or Basic."
            )
        }
    }

    private static let unknownToken = MartletError(
        .unauthenticated,
        "The token is unknown, expired or revoked; make a new one with 'martlet token create' or in the console."
    )

    // MARK: Where

    private func place(_ who: Who, _ caller: Caller) throws(MartletError) -> Principal {
        let named = caller.workspace.flatMap { $0.isEmpty ? nil : $0 }
        switch who {
        case .nobody:
            // Nothing is told of any workspace.
            return .anonymous
        case .local:
            var principal = Principal.localUser
            if let named {
                guard identities.workspace(named) != nil else { throw Self.noWorkspace(named) }
                principal.workspace = named
            } else if let choice = caller.choice, identities.workspace(choice) != nil {
                principal.workspace = choice
            }
            return principal
        case .task(let principal):
            _ = try single(principal.workspace, named)
            return principal
        case .account(let account): return try principal(account, named)
        case .token(let account, let token):
            var principal = try principal(
                account,
                try single(token.workspace, named),
                scopes: token.scopes
            )
            principal.tokenID = token.id
            principal.tokenRate = token.ratePerSecond
            return principal
        case .session(let account, let session):
            // A browser's choice may be of a workspace that is gone; then it is shown its own.
            let chosen = caller.choice.flatMap {
                account.isMember(of: $0) && identities.workspace($0) != nil ? $0 : nil
            }
            let place = try single(session.workspace, named) ?? chosen
            var principal = try principal(account, place, scopes: session.scopes)
            principal.sessionID = session.id
            principal.tokenID = session.tokenID
            return principal
        }
    }

    /// The workspace of a token that opens only one, whatever is named.
    private func single(_ only: String?, _ named: String?) throws(MartletError) -> String? {
        guard let only else { return named }
        guard let named, named != only else { return only }
        throw Self.noWorkspace(named)
    }

    private func principal(
        _ account: Account,
        _ named: String?,
        scopes: PermissionSet = .all
    ) throws(MartletError) -> Principal {
        let workspace = named ?? home(of: account)
        // A workspace of others is not there at all.
        if named != nil, identities.workspace(workspace) == nil || !account.isMember(of: workspace) {
            throw Self.noWorkspace(workspace)
        }
        var permissions = account.permissions(in: workspace)
        // The figures of the process tell of every workspace.
        if account.roles[Account.everyWorkspace] != nil { permissions.formUnion(PermissionSet([.metrics])) }
        return Principal(
            name: account.name,
            kind: account.kind == .user ? .user : .serviceAccount,
            accountID: account.id,
            workspace: workspace,
            permissions: permissions.intersection(scopes.union(Self.always)),
            grants: (account.grants[workspace] ?? []).map {
                ResourceGrant(kind: $0.kind, id: $0.id, permissions: $0.permissions.intersection(scopes))
            },
            isServerAdministrator: account.isServerAdministrator && scopes.contains(.server)
        )
    }

    /// What every known caller may ask, whatever its token is for.
    private static let always = PermissionSet([.open])

    /// The workspace of those who name none: `default` if it is theirs, else the first that is.
    private func home(of account: Account) -> String {
        if account.isMember(of: Principal.defaultWorkspace) { return Principal.defaultWorkspace }
        let own = Set(account.roles.keys).union(account.grants.keys).filter { identities.workspace($0) != nil }
        return own.min() ?? Principal.defaultWorkspace
    }

    private static func noWorkspace(_ name: String) -> MartletError {
        MartletError(.notFound, "There is no workspace '\(name.prefix(100))'.")
    }

    // MARK: How often

    /// Counts a request against the rates of its token and its workspace.
    ///
    /// - Throws: `resourceExhausted` that says when to try again.
    package func spend(_ principal: Principal) throws(MartletError) {
        if let rate = principal.tokenRate, let id = principal.tokenID {
            try rates.take(.token(id), perSecond: rate)
        }
        guard principal.kind != .anonymous,
            let rate = identities.workspace(principal.workspace)?.quota.requestsPerSecond
        else { return }
        try rates.take(.workspace(principal.workspace), perSecond: rate)
    }
}
