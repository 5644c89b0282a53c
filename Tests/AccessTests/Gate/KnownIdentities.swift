import Access
import Core
import HTTPSupport

/// Identities that a test writes down.
struct KnownIdentities: IdentitySource {
    var accounts: [String: Account] = [:]
    /// Token and owner by the token's secret.
    var tokens: [String: (String, AccessToken)] = [:]
    /// Names and passwords that were right a moment ago.
    var passwords: [String: String] = [:]
    /// Passwords that must be checked.
    var slowPasswords: [String: String] = [:]
    var sessions: [String: (String, Session)] = [:]
    var workspaceList: [String: Workspace] = [:]

    init(workspaces: [String] = ["default", "red", "blue"]) {
        for name in workspaces {
            workspaceList[name] = Workspace(name: name, createdAt: Timestamp(milliseconds: 0))
        }
    }

    func account(token secret: String) -> (Account, AccessToken)? {
        tokens[secret].flatMap { owner, token in accounts[owner].map { ($0, token) } }
    }

    func cachedAccount(name: String, password: String) -> Account? {
        passwords[name] == password ? accounts[name] : nil
    }

    func account(name: String, password: String, from address: String?) async throws(MartletError) -> Account {
        if let account = accounts[name], slowPasswords[name] == password || passwords[name] == password {
            return account
        }
        throw MartletError(.unauthenticated, "The name or the password is wrong.")
    }

    func account(session secret: String) -> (Account, Session)? {
        sessions[secret].flatMap { owner, session in accounts[owner].map { ($0, session) } }
    }

    func workspace(_ name: String) -> Workspace? { workspaceList[name] }

    mutating func add(_ account: Account) { accounts[account.name] = account }

    mutating func addToken(
        _ secret: String,
        of owner: String,
        scopes: PermissionSet = .all,
        workspace: String? = nil,
        rate: Double? = nil
    ) {
        let token = AccessToken(
            id: "id-\(secret)",
            prefix: "mlt_",
            name: "test",
            accountID: owner,
            scopes: scopes,
            workspace: workspace,
            createdAt: Timestamp(milliseconds: 0),
            ratePerSecond: rate
        )
        tokens[secret] = (owner, token)
    }

    mutating func addSession(_ secret: String, of owner: String, scopes: PermissionSet = .all, workspace: String? = nil)
    {
        let session = Session(
            id: "session",
            accountID: owner,
            secretHash: "",
            scopes: scopes,
            workspace: workspace,
            createdAt: Timestamp(milliseconds: 0),
            seenAt: Timestamp(milliseconds: 0),
            expiresAt: Timestamp(milliseconds: .max)
        )
        sessions[secret] = (owner, session)
    }
}
