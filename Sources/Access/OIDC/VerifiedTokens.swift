import Core
import Synchronization

/// Tokens that were checked a moment ago, by their hash: whose they are and until when that holds.
final class VerifiedTokens: Sendable {
    private struct Entry {
        let accountID: String
        let expiresAt: Timestamp
    }

    private let entries = Mutex<[SecretHash: Entry]>([:])

    /// The account of a token; nil when it must be checked.
    func accountID(of token: String, now: Timestamp) -> String? {
        let hash = SecretHash(of: token)
        return entries.withLock { entries in
            guard let entry = entries[hash] else { return nil }
            if now < entry.expiresAt { return entry.accountID }
            entries[hash] = nil
            return nil
        }
    }

    /// Remembers a token until it ends, and never longer than `OIDCLimits.verifiedSeconds`.
    func remember(_ token: String, of accountID: String, until end: Timestamp, now: Timestamp) {
        let end = min(end, now + .seconds(OIDCLimits.verifiedSeconds))
        guard now < end else { return }
        let hash = SecretHash(of: token)
        entries.withLock { entries in
            if entries.count >= OIDCLimits.verifiedTokens {
                entries = entries.filter { now < $0.value.expiresAt }
                // Still full: whoever is left out is checked again, which costs a signature and nothing else.
                if entries.count >= OIDCLimits.verifiedTokens, let any = entries.first { entries[any.key] = nil }
            }
            entries[hash] = Entry(accountID: accountID, expiresAt: end)
        }
    }

    /// How many are remembered.
    var count: Int { entries.withLock { $0.count } }
}
