package import Core
package import HTTPSupport

/// Tokens: one's own, and those of service accounts.
extension AccessAdministration {
    /// The tokens of the caller, or of the account that is named; that takes a server administrator.
    ///
    /// - Throws: `notFound`, `permissionDenied`.
    package func tokens(of name: String?, by caller: Principal) throws(MartletError) -> (owner: Account, [AccessToken])
    {
        let owner = try owner(name, caller)
        return (owner, directory.tokens(of: owner.id))
    }

    /// Every token on the server with its owner's name, for server administrators.
    package func allTokens(by caller: Principal) throws(MartletError) -> [(owner: String, token: AccessToken)] {
        try requireServer(caller)
        return directory.accounts.flatMap { account in
            directory.tokens(of: account.id).map { (account.name, $0) }
        }
    }

    /// Makes a token for the caller, or as a server administrator for a service account.
    ///
    /// A token that is made with a token can do no more, in no more places and for no longer, and ends with it.
    ///
    /// - Throws: `invalidArgument`, `notFound`, `permissionDenied`, `resourceExhausted`.
    package func createToken(
        _ new: NewToken,
        for name: String?,
        by caller: Principal
    ) async throws(MartletError) -> (owner: Account, token: AccessToken, secret: String) {
        let owner = try owner(name, caller)
        guard owner.id == caller.accountID || owner.kind == .serviceAccount || caller.kind == .local else {
            throw MartletError(
                .permissionDenied,
                "The tokens of a person are theirs to make; make a service account, or have '\(owner.name)' log in."
            )
        }
        guard !owner.isDisabled else {
            throw MartletError(.failedPrecondition, "The account '\(owner.name)' is locked.")
        }
        if let workspace = new.workspace, directory.workspace(workspace) == nil || !owner.isMember(of: workspace) {
            throw MartletError(
                .notFound,
                "There is no workspace '\(IdentityRules.shown(workspace))' for '\(owner.name)'."
            )
        }
        let bounded = try bound(new, by: caller)
        let (token, secret) = try await store.createToken(for: owner.id, bounded)
        return (owner, token, secret)
    }

    /// The token within what the caller's own token allows.
    private func bound(_ new: NewToken, by caller: Principal) throws(MartletError) -> NewToken {
        guard let id = caller.tokenID, let parent = directory.token(id: id) else { return new }
        var bounded = new
        let surplus = new.scopes.subtracting(parent.scopes)
        guard surplus.isEmpty else {
            let names = surplus.permissions.map(\.rawValue).joined(separator: ", ")
            throw MartletError(
                .permissionDenied,
                "Nobody gives out more than they have; your token has not the scopes: \(names)."
            )
        }
        if let only = parent.workspace {
            guard new.workspace == nil || new.workspace == only else {
                throw MartletError(.notFound, "There is no workspace '\(IdentityRules.shown(new.workspace ?? ""))'.")
            }
            bounded.workspace = only
        }
        if let end = parent.expiresAt { bounded.expiresAt = min(end, new.expiresAt ?? end) }
        if let rate = parent.ratePerSecond { bounded.ratePerSecond = min(rate, new.ratePerSecond ?? rate) }
        bounded.parentID = parent.id
        return bounded
    }

    /// A token of the caller, or of anybody for a server administrator; those of others are not there.
    ///
    /// - Throws: `notFound`.
    package func token(_ id: String, by caller: Principal) throws(MartletError) -> (owner: Account, token: AccessToken)
    {
        guard let token = directory.token(id: id),
            token.accountID == caller.accountID || caller.permissions.contains(.server),
            let owner = directory.account(id: token.accountID),
            let listed = directory.tokens(of: owner.id).first(where: { $0.id == id })
        else { throw MartletError(.notFound, "There is no such token.") }
        return (owner, listed)
    }

    /// Ends a token at once, and those that were made with it.
    ///
    /// - Throws: `notFound`.
    package func revokeToken(_ id: String, by caller: Principal) async throws(MartletError) {
        try await store.revokeToken(try token(id, by: caller).token.id)
    }

    private func owner(_ name: String?, _ caller: Principal) throws(MartletError) -> Account {
        guard let name, IdentityRules.key(name) != IdentityRules.key(caller.name) || caller.accountID == nil else {
            return try own(caller)
        }
        try requireServer(caller)
        return try account(named: name)
    }
}
