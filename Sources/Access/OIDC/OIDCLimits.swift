/// Maxima of identity providers and their tokens.
package enum OIDCLimits {
    /// Providers that are configured.
    package static let issuers = 16
    /// Bytes of a token.
    package static let tokenBytes = 12 * 1024
    /// Bytes of a provider's document or answer.
    package static let documentBytes = 256 * 1024
    /// Keys of a provider that are read.
    package static let keys = 64
    /// Bytes of an RSA modulus: larger ones only cost time.
    package static let modulusBytes = 1024
    /// Bytes of the shortest RSA modulus that is accepted.
    package static let shortestModulusBytes = 256
    /// Seconds that clocks may differ.
    package static let skewSeconds = 60
    /// Seconds that a provider's documents are used before they are read again.
    package static let documentSeconds = 3600
    /// Seconds that keys are used at most while the provider cannot be reached.
    package static let staleSeconds = 24 * 3600
    /// Seconds between two readings of the keys because of a key that is not known.
    package static let refreshSeconds = 30
    /// Seconds between two tries to reach a provider that does not answer.
    package static let retrySeconds = 5
    /// Seconds that one request to a provider may take.
    package static let requestSeconds = 10
    /// Tokens that were checked and are remembered.
    package static let verifiedTokens = 4096
    /// Seconds that a checked token is remembered at most.
    package static let verifiedSeconds = 900
    /// Logins that have begun and not ended.
    package static let pendingLogins = 10_000
    /// Seconds that a login may take.
    package static let loginSeconds = 600
    /// Characters of a code, a state or another parameter of the way back.
    package static let parameterCharacters = 4096
    /// Groups of a token.
    package static let groups = 256
    /// Conditions on claims of one provider.
    package static let conditions = 64
}
