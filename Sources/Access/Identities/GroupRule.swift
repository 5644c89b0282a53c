package import HTTPSupport

/// What members of an issuer's group become here.
package struct GroupRule: Sendable, Equatable {
    /// The issuer whose group it is; nil for that of any issuer.
    package let issuer: String?
    /// The group as the issuer writes it.
    package let group: String
    /// Where the role holds; `*` for every workspace.
    package let workspace: String
    /// The role that members get; nil when the rule is about the server alone.
    package let role: Role?
    /// Whether members manage the server.
    package let isServerAdministrator: Bool

    /// Makes a rule.
    package init(
        issuer: String? = nil,
        group: String,
        workspace: String = Account.everyWorkspace,
        role: Role?,
        isServerAdministrator: Bool = false
    ) {
        self.issuer = issuer
        self.group = group
        self.workspace = workspace
        self.role = role
        self.isServerAdministrator = isServerAdministrator
    }

    /// What somebody with these groups gets by these rules: the highest role for each workspace.
    package static func outcome(
        of rules: [GroupRule],
        issuer: String,
        groups: Set<String>
    ) -> (roles: [String: Role], isServerAdministrator: Bool) {
        var roles: [String: Role] = [:]
        var isServerAdministrator = false
        for rule in rules where groups.contains(rule.group) && (rule.issuer == nil || rule.issuer == issuer) {
            if let role = rule.role { roles[rule.workspace] = max(role, roles[rule.workspace] ?? role) }
            isServerAdministrator = isServerAdministrator || rule.isServerAdministrator
        }
        return (roles, isServerAdministrator)
    }
}

/// Somebody as an issuer of identities knows them, and the account that they have here.
package struct IssuedSubject: Sendable, Equatable {
    /// The issuer's URL.
    package let issuer: String
    /// The issuer's unchanging name for them.
    package let subject: String
    /// Their account here.
    package let accountID: String
    /// The groups that the issuer named last.
    package let groups: [String]

    /// Makes a subject.
    package init(issuer: String, subject: String, accountID: String, groups: [String]) {
        self.issuer = issuer
        self.subject = subject
        self.accountID = accountID
        self.groups = groups
    }
}

/// A right to one thing as it is kept: whose, where, what.
package struct StoredGrant: Sendable, Equatable {
    /// What names the grant.
    package let id: String
    /// Whose it is.
    package let accountID: String
    /// The workspace of the thing.
    package let workspace: String
    /// The right.
    package let grant: ResourceGrant

    /// Makes a grant.
    package init(id: String, accountID: String, workspace: String, grant: ResourceGrant) {
        self.id = id
        self.accountID = accountID
        self.workspace = workspace
        self.grant = grant
    }
}
