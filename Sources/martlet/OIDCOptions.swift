import ArgumentParser
import Server

/// One identity provider; `server.oidc` in `martlet.yaml` describes several, and more of each.
struct OIDCOptions: ParsableArguments {
    @Option(name: .customLong("oidc-issuer"), help: "Address of the identity provider, as it writes it into tokens.")
    var issuer: String?

    @Option(name: .customLong("oidc-client-id"), help: "The name under which the provider knows this server.")
    var clientID: String?

    @Option(
        name: .customLong("oidc-client-secret-file"),
        help: "A file with the client secret; MARTLET_OIDC_CLIENT_SECRET holds it otherwise."
    )
    var clientSecretFile: String?

    @Option(
        name: .customLong("oidc-redirect-url"),
        help: "Where the provider sends browsers back to. (default: /auth/oidc/callback of the address they used)"
    )
    var redirectURL: String?

    @Option(name: .customLong("oidc-scope"), help: "What to ask for; repeat. (default: openid profile email)")
    var scopes: [String] = []

    @Option(name: .customLong("oidc-groups-claim"), help: "The claim with the groups. (default: groups)")
    var groupsClaim: String?

    @Option(
        name: .customLong("oidc-audience"),
        help: "An audience for which bearer tokens are accepted; repeat. (default: none are)"
    )
    var audiences: [String] = []

    @Option(
        name: .customLong("oidc-algorithm"),
        help: "How tokens may be signed: RS256, PS256, ES256, EdDSA; repeat. (default: all four)"
    )
    var algorithms: [String] = []

    /// As settings.
    var flags: OIDCSettings.Flags {
        var flags = OIDCSettings.Flags()
        flags.issuer = issuer
        flags.clientID = clientID
        flags.clientSecretFile = clientSecretFile
        flags.redirectURL = redirectURL
        flags.scopes = scopes
        flags.groupsClaim = groupsClaim
        flags.audiences = audiences
        flags.algorithms = algorithms
        return flags
    }
}
