/// Who makes a request, and what they may do in the workspace that it is for.
package struct Principal: Sendable, Equatable {
    /// What somebody is.
    package enum Kind: String, Sendable {
        /// Nobody known.
        case anonymous
        /// The person at this machine, where no login is asked for.
        case local
        /// A person with an account.
        case user
        /// A program with an account.
        case serviceAccount = "service_account"
        /// One of the server's own control loops.
        case system
    }

    /// The name that logs and audit records show.
    package var name: String
    /// What it is.
    package var kind: Kind
    /// The account's id; nil without one.
    package var accountID: String?
    /// The id of the token that was shown; nil if none was.
    package var tokenID: String?
    /// The id of the console session; nil without one.
    package var sessionID: String?
    /// The workspace that the request is for.
    package var workspace: String
    /// What may be done there: the role's permissions as far as the token's scopes go.
    package var permissions: PermissionSet
    /// Rights to single things there.
    package var grants: [ResourceGrant]
    /// Whether it manages the server.
    package var isServerAdministrator: Bool
    /// How many requests a second the token allows; nil without a limit of its own.
    package var tokenRate: Double?

    /// Makes a principal.
    package init(
        name: String,
        kind: Kind,
        accountID: String? = nil,
        tokenID: String? = nil,
        sessionID: String? = nil,
        workspace: String = Principal.defaultWorkspace,
        permissions: PermissionSet,
        grants: [ResourceGrant] = [],
        isServerAdministrator: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.accountID = accountID
        self.tokenID = tokenID
        self.sessionID = sessionID
        self.workspace = workspace
        self.permissions = permissions
        self.grants = grants
        self.isServerAdministrator = isServerAdministrator
    }

    /// The workspace that every server has.
    package static let defaultWorkspace = "default"

    /// Nobody known: may ask for health, and nothing else.
    package static let anonymous = Principal(
        name: "anonymous",
        kind: .anonymous,
        permissions: PermissionSet([.open])
    )

    /// The person at this machine: every request over loopback, where no login is asked for.
    package static let localUser = Principal(
        name: "local",
        kind: .local,
        permissions: .all,
        isServerAdministrator: true
    )
}
