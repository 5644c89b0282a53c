package import Core
package import HTTPSupport

/// Users and service accounts.
extension AccessAdministration {
    /// Every account of a kind, for server administrators.
    package func accounts(_ kind: Account.Kind, by caller: Principal) throws(MartletError) -> [Account] {
        try requireServer(caller)
        return directory.accounts.filter { $0.kind == kind }
    }

    /// An account of a kind, for server administrators.
    ///
    /// - Throws: `notFound`, `permissionDenied`.
    package func account(
        _ name: String,
        _ kind: Account.Kind,
        by caller: Principal
    ) throws(MartletError) -> Account {
        try requireServer(caller)
        return try account(named: name, kind)
    }

    /// Makes an account; a user who logs in through an issuer needs no password.
    ///
    /// - Throws: `invalidArgument`, `alreadyExists`, `permissionDenied`.
    package func create(
        _ kind: Account.Kind,
        name: String,
        password: String? = nil,
        isServerAdministrator: Bool = false,
        roles: [String: Role] = [:],
        by caller: Principal
    ) async throws(MartletError) -> Account {
        try requireServer(caller)
        try IdentityRules.checkAccountName(name)
        if isServerAdministrator { try require(caller, has: .all) }
        for role in roles.values { try require(caller, has: role.permissions) }
        var hash: String?
        if let password {
            guard kind == .user else {
                throw MartletError(.invalidArgument, "A service account has tokens only, no password.")
            }
            try PasswordRules.check(password, name: name)
            hash = try await directory.passwords.hash(password)
        }
        return try await store.createAccount(
            name: name,
            kind: kind,
            passwordHash: hash,
            isServerAdministrator: isServerAdministrator,
            roles: roles
        )
    }

    /// Changes an account.
    ///
    /// - Throws: `notFound`, `failedPrecondition` for the last one that manages the server, `permissionDenied`.
    package func update(
        _ name: String,
        _ kind: Account.Kind,
        _ change: AccountChange,
        by caller: Principal
    ) async throws(MartletError) -> Account {
        try requireServer(caller)
        if change.isServerAdministrator == true { try require(caller, has: .all) }
        return try await store.updateAccount(try account(named: name, kind).id, change)
    }

    /// Removes an account.
    ///
    /// - Throws: `notFound`, `failedPrecondition` for the last one that manages the server, `permissionDenied`.
    package func delete(_ name: String, _ kind: Account.Kind, by caller: Principal) async throws(MartletError) {
        try requireServer(caller)
        try await store.deleteAccount(try account(named: name, kind).id)
    }

    /// Sets a password: one's own by showing the present one, anybody's as a server administrator.
    ///
    /// Every session of the account ends, also of the caller.
    ///
    /// - Throws: `invalidArgument` for the new one, `unauthenticated` for the present one, `permissionDenied`.
    package func setPassword(
        of name: String,
        to password: String,
        current: String?,
        from address: String?,
        by caller: Principal
    ) async throws(MartletError) {
        let isOwn = IdentityRules.key(name) == IdentityRules.key(caller.name) && caller.accountID != nil
        guard isOwn || caller.permissions.contains(.server) else {
            throw MartletError(.permissionDenied, "Only a server administrator sets the passwords of others.")
        }
        let account = isOwn ? try own(caller) : try account(named: name, .user)
        guard account.kind == .user else {
            throw MartletError(.failedPrecondition, "'\(account.name)' is a service account; those have tokens only.")
        }
        try PasswordRules.check(password, name: account.name)
        if isOwn {
            // Whoever finds a browser open, or a token, must not take the account over with it.
            if account.hasPassword {
                guard let current else {
                    throw MartletError(.invalidArgument, "'current_password' is missing: show the present password.")
                }
                try await directory.confirm(account, password: current, address: address)
            } else {
                try require(caller, has: PermissionSet([.server]))
            }
        }
        let hash = try await directory.passwords.hash(password)
        try await store.setPassword(of: account.id, hash: hash)
    }

    /// Ends every session of an account, and says how many there were: one's own, anybody's as a server administrator.
    ///
    /// - Throws: `notFound`, `permissionDenied`.
    package func endSessions(of name: String, by caller: Principal) async throws(MartletError) -> Int {
        let isOwn = IdentityRules.key(name) == IdentityRules.key(caller.name) && caller.accountID != nil
        if !isOwn { try requireServer(caller) }
        let account = isOwn ? try own(caller) : try account(named: name)
        return try await store.deleteSessions(of: account.id)
    }

    /// The caller's own console sessions that count, the newest first.
    package func sessions(by caller: Principal) async throws(MartletError) -> [Session] {
        guard let id = caller.accountID else { return [] }
        let now = directory.clock.now
        return try await store.sessions(of: id).filter { SessionRules.isLive($0, now: now) }
    }

    /// Ends one of the caller's own sessions; those of others are not there.
    ///
    /// - Throws: `notFound`.
    package func endSession(_ id: String, by caller: Principal) async throws(MartletError) {
        guard try await sessions(by: caller).contains(where: { $0.id == id }) else {
            throw MartletError(.notFound, "There is no such session.")
        }
        try await store.deleteSession(id)
    }
}
