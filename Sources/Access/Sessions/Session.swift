package import Core
package import HTTPSupport

/// A console session as the server keeps it; the secret itself is only in the browser's cookie.
package struct Session: Sendable, Hashable {
    /// Names it in lists and in the audit log; not secret.
    package let id: String
    /// Whose it is.
    package let accountID: String
    /// The hash of the secret, as `SessionSecret.hash` makes it.
    package let secretHash: String
    /// The token that it was begun with, and with which it ends; nil after any other login.
    package let tokenID: String?
    /// What it may be used for: a session that a token began does no more than the token.
    package let scopes: PermissionSet
    /// The only workspace it may be used in; nil for all that the account has.
    package let workspace: String?
    /// When it began.
    package let createdAt: Timestamp
    /// When it was last used, to the minute.
    package var seenAt: Timestamp
    /// When it ends, used or not.
    package let expiresAt: Timestamp
    /// The browser, as it calls itself.
    package let agent: String

    /// Makes a session.
    package init(
        id: String,
        accountID: String,
        secretHash: String,
        tokenID: String? = nil,
        scopes: PermissionSet = .all,
        workspace: String? = nil,
        createdAt: Timestamp,
        seenAt: Timestamp,
        expiresAt: Timestamp,
        agent: String = ""
    ) {
        self.id = id
        self.accountID = accountID
        self.secretHash = secretHash
        self.tokenID = tokenID
        self.scopes = scopes
        self.workspace = workspace
        self.createdAt = createdAt
        self.seenAt = seenAt
        self.expiresAt = expiresAt
        self.agent = agent
    }
}
