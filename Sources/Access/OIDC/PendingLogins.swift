import Core
import Synchronization

/// A login that has begun at a provider and has not come back.
struct PendingLogin: Sendable, Equatable {
    /// Which provider.
    let issuer: String
    /// What its token must carry.
    let nonce: String
    /// What the code is exchanged with (RFC 7636).
    let verifier: String
    /// Where the browser comes back to.
    let redirectURL: String
    /// The page that it wanted.
    let next: String
    /// The browser that began it, by the hash of its cookie.
    let browser: SecretHash
    /// When it is over.
    let expiresAt: Timestamp
}

/// Logins under way, by their state; each is taken once.
final class PendingLogins: Sendable {
    private let logins = Mutex<[String: PendingLogin]>([:])

    /// Keeps a login.
    ///
    /// - Throws: `resourceExhausted` when too many are under way.
    func begin(_ state: String, _ login: PendingLogin, now: Timestamp) throws(MartletError) {
        let isKept = logins.withLock { logins in
            if logins.count >= OIDCLimits.pendingLogins { logins = logins.filter { now < $0.value.expiresAt } }
            guard logins.count < OIDCLimits.pendingLogins else { return false }
            logins[state] = login
            return true
        }
        guard isKept else {
            throw MartletError(
                .resourceExhausted,
                "Too many logins have begun and not ended; try again in some minutes."
            )
        }
    }

    /// The login of a state, for the browser that began it; gone whatever the answer is.
    func take(_ state: String, browser: String?, now: Timestamp) -> PendingLogin? {
        guard let login = logins.withLock({ $0.removeValue(forKey: state) }), let browser else { return nil }
        return login.browser == SecretHash(of: browser) && now < login.expiresAt ? login : nil
    }

    /// How many are under way.
    var count: Int { logins.withLock { $0.count } }
}
