package import Core

/// An identity provider, and what is believed of what it says.
package struct OIDCIssuer: Sendable, Equatable {
    /// What it is called in addresses and commands.
    package let name: String
    /// Its address, exactly as it writes it into tokens.
    package let url: String
    /// What the button says.
    package var label: String
    /// Under which name it knows this server; nil offers no login.
    package var clientID: String?
    /// What proves that it is this server; nil for a public client, which PKCE alone protects.
    package var clientSecret: String?
    /// Where it sends browsers back to; nil is the address that the browser used.
    package var redirectURL: String?
    /// What is asked for at login.
    package var scopes = ["openid", "profile", "email"]
    /// For whom bearer tokens must be made; none accepts no bearer tokens.
    package var audiences: [String] = []
    /// How tokens may be signed.
    package var algorithms = SigningAlgorithm.allCases
    /// The claim that says who it is and never changes.
    package var subjectClaim = "sub"
    /// The claims of which the first one that is there gives the account its name.
    package var nameClaims = ["preferred_username", "email", "name", "sub"]
    /// The claim with the groups.
    package var groupsClaim = "groups"
    /// What every token must say.
    package var required: [ClaimCondition] = []
    /// Groups because of claims.
    package var claimGroups: [ClaimGroups] = []

    /// A provider at an address.
    package init(name: String, url: String) {
        self.name = name
        self.url = url
        label = name
    }

    /// Providers whose tokens everybody in the world can get: without a condition, everybody would be let in.
    private static let shared = [
        "https://token.actions.githubusercontent.com", "https://gitlab.com", "https://app.terraform.io",
        "https://agent.buildkite.com", "https://accounts.google.com",
    ]

    /// Throws `invalidArgument` when something does not fit together.
    package func check() throws(MartletError) {
        let isName =
            (1...40).contains(name.utf8.count)
            && name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
        guard isName else {
            throw invalid("its name must have at most 40 lower-case letters, digits and hyphens")
        }
        guard clientID != nil || !audiences.isEmpty else {
            throw invalid("it needs 'client_id' for the login or 'audiences' for bearer tokens")
        }
        guard !algorithms.isEmpty else { throw invalid("'algorithms' is empty") }
        guard clientSecret == nil || clientID != nil else { throw invalid("it has a client secret and no 'client_id'") }
        let conditions = required.count + claimGroups.reduce(0) { $0 + $1.conditions.count }
        guard conditions <= OIDCLimits.conditions else {
            throw invalid("it has \(conditions) conditions; at most \(OIDCLimits.conditions) are accepted")
        }
        let address = url.hasSuffix("/") ? String(url.dropLast()) : url
        guard !audiences.isEmpty, required.isEmpty, Self.shared.contains(address) else { return }
        throw invalid("everybody can get its tokens: name in 'require' whose are accepted, such as repository_owner")
    }

    private func invalid(_ reason: String) -> MartletError {
        MartletError(.invalidArgument, "The identity provider '\(name.prefix(60))' cannot be used: \(reason).")
    }
}
