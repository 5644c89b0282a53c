package import Core
package import HTTPSupport

/// A token of an account, without its secret.
package struct AccessToken: Sendable, Equatable {
    /// What names the token in lists and in audit records.
    package let id: String
    /// The beginning of the secret, by which its owner knows it again.
    package let prefix: String
    /// What its owner calls it.
    package let name: String
    /// Whose it is.
    package let accountID: String
    /// What it may be used for; its owner's rights bound it, too.
    package let scopes: PermissionSet
    /// The only workspace that it opens; nil when it opens all that its owner may see.
    package let workspace: String?
    /// The token with which this one was made, and with which it ends; nil when it was made after a log-in.
    package let parentID: String?
    /// When it was made.
    package let createdAt: Timestamp
    /// When it ends by itself; nil if never.
    package let expiresAt: Timestamp?
    /// When it was last shown to a server, up to a minute late; nil if never.
    package let lastUsedAt: Timestamp?
    /// How many requests a second it allows; nil without a limit of its own.
    package let ratePerSecond: Double?

    /// Makes a token.
    package init(
        id: String,
        prefix: String,
        name: String,
        accountID: String,
        scopes: PermissionSet,
        workspace: String? = nil,
        parentID: String? = nil,
        createdAt: Timestamp,
        expiresAt: Timestamp? = nil,
        lastUsedAt: Timestamp? = nil,
        ratePerSecond: Double? = nil
    ) {
        self.id = id
        self.prefix = prefix
        self.name = name
        self.accountID = accountID
        self.scopes = scopes
        self.workspace = workspace
        self.parentID = parentID
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
        self.ratePerSecond = ratePerSecond
    }

    /// Whether it has ended by itself.
    package func isExpired(now: Timestamp) -> Bool {
        expiresAt.map { $0 <= now } ?? false
    }
}

/// A token as it is asked for.
package struct NewToken: Sendable, Equatable {
    /// What its owner calls it.
    package var name: String
    /// What it may be used for.
    package var scopes: PermissionSet
    /// The only workspace that it opens; nil for all that its owner may see.
    package var workspace: String?
    /// When it ends by itself; nil for never.
    package var expiresAt: Timestamp?
    /// How many requests a second it allows; nil without a limit of its own.
    package var ratePerSecond: Double?
    /// The token with which it is made.
    package var parentID: String?

    /// Asks for a token.
    package init(
        name: String,
        scopes: PermissionSet = NewToken.usualScopes,
        workspace: String? = nil,
        expiresAt: Timestamp? = nil,
        ratePerSecond: Double? = nil,
        parentID: String? = nil
    ) {
        self.name = name
        self.scopes = scopes
        self.workspace = workspace
        self.expiresAt = expiresAt
        self.ratePerSecond = ratePerSecond
        self.parentID = parentID
    }

    /// What a token may be used for when nothing else is said: all the work, but no administration.
    package static let usualScopes = PermissionSet([.open, .account, .read, .predict, .write, .operate])
}
