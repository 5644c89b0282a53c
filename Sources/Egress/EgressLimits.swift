/// Maxima of requests to other servers; tested at the limit and one past it.
package enum EgressLimits {
    /// Characters of an address.
    package static let urlCharacters = 8192
    /// Addresses of a host that are tried.
    package static let addresses = 4
    /// Redirects that are followed within one origin.
    package static let redirects = 5
    /// Seconds that looking up a host may take.
    package static let lookupSeconds = 10
    /// Lookups under way at once; a resolver that does not answer must not take every thread.
    package static let lookupsAtOnce = 16
    /// Seconds that opening a connection may take.
    package static let connectSeconds = 5
    /// Seconds without a byte after which an exchange is given up.
    package static let idleSeconds = 120
    /// Seconds that an exchange may take when nothing else is said.
    package static let requestSeconds = 30
    /// Bytes of an answer that are read when nothing else is said.
    package static let answerBytes = 1024 * 1024
    /// Hosts to which connections are kept open.
    package static let keptHosts = 16
    /// Patterns of hosts in a policy.
    package static let hostPatterns = 256
    /// Ranges of addresses in a policy.
    package static let ranges = 256
}
