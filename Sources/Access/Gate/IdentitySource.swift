package import Core

/// Who is who, as the gate asks; answers at once where it can.
package protocol IdentitySource: Sendable {
    /// The account and the token behind a token's secret; nil when it is unknown, expired, revoked or locked.
    func account(token secret: String) -> (Account, AccessToken)?

    /// The account of a name and a password that were right a moment ago; nil when they must be checked.
    func cachedAccount(name: String, password: String) -> Account?

    /// The account of a name and a password.
    ///
    /// - Throws: `unauthenticated`, or `resourceExhausted` after too many failures.
    func account(name: String, password: String, from address: String?) async throws(MartletError) -> Account

    /// The account and the console session behind a cookie's secret; nil when it has ended.
    func account(session secret: String) -> (Account, Session)?

    /// The workspace of a name; nil when there is none.
    func workspace(_ name: String) -> Workspace?
}

/// Checks bearer tokens that an issuer outside has signed.
package protocol BearerVerifier: Sendable {
    /// The account behind a token that was checked before; nil when it must be checked.
    func cachedAccount(bearer: String) -> Account?

    /// The account behind a token; nil when it is no token of a configured issuer.
    ///
    /// - Throws: `unauthenticated` with what is wrong with the token.
    func account(bearer: String) async throws(MartletError) -> Account?
}
