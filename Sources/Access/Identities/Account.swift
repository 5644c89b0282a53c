package import Core
package import HTTPSupport

/// A person or a program that may call the server, and what it may do in which workspace.
package struct Account: Sendable, Equatable {
    /// What has the account.
    package enum Kind: String, Sendable, CaseIterable {
        /// A person: has a password, or comes through an issuer of identities.
        case user
        /// A program: has tokens only.
        case serviceAccount = "service_account"
    }

    /// Unchanging, whatever the name becomes.
    package let id: String
    /// What it is called; no other account has the same name, in whatever case.
    package let name: String
    /// What it is.
    package let kind: Kind
    /// Whether it manages the server, and so may do everything everywhere.
    package let isServerAdministrator: Bool
    /// Whether it is locked out, with everything it has.
    package let isDisabled: Bool
    /// Its role by workspace; `*` stands for every workspace.
    package let roles: [String: Role]
    /// Its rights to single things, by workspace.
    package let grants: [String: [ResourceGrant]]
    /// Whether it can log in with a password.
    package let hasPassword: Bool
    /// When it was made.
    package let createdAt: Timestamp
    /// When it last logged in with a password or through an issuer; nil if never.
    package let lastLoginAt: Timestamp?

    /// Makes an account.
    package init(
        id: String,
        name: String,
        kind: Kind = .user,
        isServerAdministrator: Bool = false,
        isDisabled: Bool = false,
        roles: [String: Role] = [:],
        grants: [String: [ResourceGrant]] = [:],
        hasPassword: Bool = false,
        createdAt: Timestamp = Timestamp(milliseconds: 0),
        lastLoginAt: Timestamp? = nil
    ) {
        self.id = id
        self.name = name
        self.kind = kind
        self.isServerAdministrator = isServerAdministrator
        self.isDisabled = isDisabled
        self.roles = roles
        self.grants = grants
        self.hasPassword = hasPassword
        self.createdAt = createdAt
        self.lastLoginAt = lastLoginAt
    }

    /// The name that stands for every workspace in `roles`.
    package static let everyWorkspace = "*"

    /// The role in a workspace: its own there or the one it has everywhere, whichever is more.
    package func role(in workspace: String) -> Role? {
        switch (roles[workspace], roles[Self.everyWorkspace]) {
        case (let here?, let everywhere?): max(here, everywhere)
        case (let here, let everywhere): here ?? everywhere
        }
    }

    /// Whether the workspace is there for this account at all: it has a role or a right to something in it.
    package func isMember(of workspace: String) -> Bool {
        isServerAdministrator || role(in: workspace) != nil || grants[workspace]?.isEmpty == false
    }

    /// What it may do in a workspace without regard to the token that it shows.
    package func permissions(in workspace: String) -> PermissionSet {
        if isServerAdministrator { return .all }
        return role(in: workspace)?.permissions ?? Self.permissionsWithoutRole
    }

    /// What any known account may do anywhere: ask for health, and manage itself.
    package static let permissionsWithoutRole = PermissionSet([.open, .account])
}
