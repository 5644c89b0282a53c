package import Core
import HTTPSupport
import Logging

/// Log-ins with a password and through an issuer.
extension IdentityDirectory {
    /// The account of a name and a password that were right a moment ago; nil when they must be checked.
    package func cachedAccount(name: String, password: String) -> Account? {
        guard let entry = current.entry(name: name), let hash = entry.passwordHash, !entry.account.isDisabled,
            passwords.knows(password, for: hash)
        else { return nil }
        return entry.account
    }

    /// The account of a name and a password.
    ///
    /// An unknown name takes the same time and gets the same answer as a wrong password.
    ///
    /// - Throws: `unauthenticated`, or `resourceExhausted` after too many failures and when too many log in at once.
    package func account(
        name: String,
        password: String,
        from address: String? = nil
    ) async throws(MartletError) -> Account {
        if let account = cachedAccount(name: name, password: password) { return account }
        let hash = current.entry(name: name)?.passwordHash
        let outcome = try await passwords.check(
            password,
            against: hash,
            name: IdentityRules.key(String(name.prefix(IdentityLimits.accountNameLength))),
            address: address
        )
        // Looked up again: the check took its time, and the account may be locked or have another password by now.
        guard outcome.isRight, let hash, let entry = current.entry(name: name), !entry.account.isDisabled,
            let present = entry.passwordHash
        else { throw Self.wrongPassword }
        guard present == hash else {
            // Another password, or a stronger hash of the same one: what was checked says nothing of it.
            return try await account(name: name, password: password, against: present, from: address)
        }
        noteLogin(of: entry.account.id)
        if let stronger = outcome.rehashed {
            do throws(MartletError) {
                try await store.rehash(of: entry.account.id, from: hash, to: stronger)
            } catch {
                logger.warning("The hash of a password could not be made stronger: \(error.message)")
            }
        }
        return entry.account
    }

    /// Checks a password once more, against a hash that came in between.
    private func account(
        name: String,
        password: String,
        against hash: String,
        from address: String?
    ) async throws(MartletError) -> Account {
        let key = IdentityRules.key(String(name.prefix(IdentityLimits.accountNameLength)))
        let outcome = try await passwords.check(password, against: hash, name: key, address: address)
        guard outcome.isRight, let entry = current.entry(name: name), entry.passwordHash == hash,
            !entry.account.isDisabled
        else { throw Self.wrongPassword }
        noteLogin(of: entry.account.id)
        return entry.account
    }

    private static let wrongPassword = MartletError(.unauthenticated, "The name or the password is wrong.")

    /// Checks a name and a password as a log-in does, for somebody who changes the password.
    func confirm(_ account: Account, password: String, address: String?) async throws(MartletError) {
        guard try await self.account(name: account.name, password: password, from: address).id == account.id else {
            throw Self.wrongPassword
        }
    }

    /// The account of somebody whom an issuer vouches for; made at the first log-in, with the roles of their groups.
    ///
    /// - Throws: `unauthenticated` when the account is locked.
    package func account(
        issuer: String,
        subject: String,
        name: String,
        groups: [String]
    ) async throws(MartletError) -> Account {
        let groups = Array(groups.prefix(IdentityLimits.groupsPerSubject))
        let snapshot = current
        var account: Account?
        if let known = snapshot.subject(issuer: issuer, subject: subject), Set(known.groups) == Set(groups) {
            account = snapshot.entry(id: known.accountID)?.account
            if let account { noteLogin(of: account.id) }
        }
        let found: Account
        if let account {
            found = account
        } else {
            found = try await store.account(issuer: issuer, subject: subject, name: name, groups: groups)
        }
        guard !found.isDisabled else {
            throw MartletError(.unauthenticated, "The account '\(found.name)' is locked.")
        }
        return found
    }

    /// Makes an account that manages the server, and a token for it, when nobody can log in to manage it.
    ///
    /// The token works for a day, long enough to make accounts with it. Until somebody has used it, every start makes a
    /// new one in place of the old.
    ///
    /// - Returns: the token's secret, to be shown once; nil when an administrator can log in.
    package func bootstrap() async throws(MartletError) -> String? {
        try await reload()
        let now = clock.now
        let snapshot = current
        let administrators = snapshot.accounts.filter { $0.isServerAdministrator && !$0.isDisabled }
        let identifiers = Set(administrators.map(\.id))
        let usable = snapshot.tokens.filter { identifiers.contains($0.accountID) && !$0.isExpired(now: now) }
        let unused = usable.filter { $0.name == Self.bootstrapName && $0.lastUsedAt == nil }
        let isReachable =
            administrators.contains(where: \.hasPassword)
            || snapshot.subjects.contains { identifiers.contains($0.accountID) }
            || usable.contains { $0.scopes.contains(.server) && !unused.contains($0) }
        guard !isReachable else { return nil }
        for token in unused { try await store.revokeToken(token.id) }
        return try await administratorToken(named: Self.bootstrapName, existing: administrators.first)
    }

    /// Makes a token for an account that manages the server, for an operator who can reach the data but not log in.
    package func rescue(account name: String?) async throws(MartletError) -> String {
        try await reload()
        var existing: Account?
        if let name {
            guard let account = account(name: name) else {
                throw MartletError(.notFound, "There is no account '\(IdentityRules.shown(name))'.")
            }
            existing = account
        } else {
            existing = accounts.first { $0.isServerAdministrator && !$0.isDisabled }
        }
        return try await administratorToken(named: "offline", existing: existing)
    }

    private func administratorToken(named name: String, existing: Account?) async throws(MartletError) -> String {
        let account: Account
        if let existing {
            account = existing
        } else if let named = self.account(name: Self.administratorName) {
            // Locked or robbed of its rights: whoever can write the data may give them back.
            account = try await store.updateAccount(
                named.id,
                AccountChange(isServerAdministrator: true, isDisabled: false)
            )
        } else {
            account = try await store.createAccount(
                name: Self.administratorName,
                kind: .user,
                isServerAdministrator: true
            )
        }
        let end = clock.now + .seconds(IdentityLimits.bootstrapHours * 3600)
        let new = NewToken(name: name, scopes: .all, expiresAt: end)
        return try await store.createToken(for: account.id, new).secret
    }

    private static let bootstrapName = "first start"
    private static let administratorName = "admin"
}
