import Core
import HTTPSupport
import Synchronization

/// All identities at one moment, arranged for the questions that every request asks.
///
/// It never changes but for the times of last use, so that it is read without waiting for anybody.
final class IdentitySnapshot: Sendable {
    /// A token with its owner.
    final class TokenEntry: Sendable {
        let account: Account
        let token: AccessToken
        /// Milliseconds since 1970 when the token was last noted to be used.
        let notedAt: Atomic<Int64>

        init(account: Account, token: AccessToken) {
            self.account = account
            self.token = token
            notedAt = Atomic(token.lastUsedAt?.milliseconds ?? .min)
        }
    }

    /// An account with the hash of its password.
    struct AccountEntry: Sendable {
        let account: Account
        let passwordHash: String?
    }

    let version: Int64
    /// In the order of their names.
    let accounts: [Account]
    /// In the order in which they were made.
    let tokens: [AccessToken]
    let workspaces: [String: Workspace]
    let deletedWorkspaces: [Workspace]
    let grants: [StoredGrant]
    let subjects: [IssuedSubject]
    private let byID: [String: AccountEntry]
    private let byName: [String: String]
    private let byHash: [SecretHash: TokenEntry]
    private let tokensByID: [String: AccessToken]
    private let bySubject: [String: [String: IssuedSubject]]

    init(_ contents: AccessContents) {
        version = contents.version
        accounts = contents.accounts.map(\.account)
        tokens = contents.tokens.map(\.token)
        grants = contents.grants
        subjects = contents.subjects
        workspaces = Dictionary(
            contents.workspaces.filter { $0.deletedAt == nil }.map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        deletedWorkspaces = contents.workspaces.filter { $0.deletedAt != nil }
        var entries: [String: AccountEntry] = [:]
        var names: [String: String] = [:]
        for (account, hash) in contents.accounts {
            entries[account.id] = AccountEntry(account: account, passwordHash: hash)
            names[IdentityRules.key(account.name)] = account.id
        }
        var hashes: [SecretHash: TokenEntry] = [:]
        var identified: [String: AccessToken] = [:]
        for (token, hash) in contents.tokens {
            identified[token.id] = token
            guard let owner = entries[token.accountID]?.account else { continue }
            hashes[hash] = TokenEntry(account: owner, token: token)
        }
        (byID, byName, byHash, tokensByID) = (entries, names, hashes, identified)
        bySubject = contents.subjects.reduce(into: [:]) { $0[$1.issuer, default: [:]][$1.subject] = $1 }
    }

    func entry(id: String) -> AccountEntry? { byID[id] }
    func entry(name: String) -> AccountEntry? { byName[IdentityRules.key(name)].flatMap { byID[$0] } }
    func entry(hash: SecretHash) -> TokenEntry? { byHash[hash] }
    func token(id: String) -> AccessToken? { tokensByID[id] }
    func subject(issuer: String, subject: String) -> IssuedSubject? { bySubject[issuer]?[subject] }
}
