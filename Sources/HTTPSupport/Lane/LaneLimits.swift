/// The named maxima of connections, and of what the lane answers without the router.
package enum LaneLimits {
    /// Longest request head that the lane looks at, in bytes; the router's decoder judges longer ones.
    package static let headBytes = 8 * 1024
    /// Largest body that the lane answers; larger ones go to the router.
    package static let bodyBytes = 64 * 1024
    /// Most fields of a head that the lane looks at.
    package static let headFields = 64
    /// Largest head that any request may have, in bytes.
    package static let slowHeadBytes = 64 * 1024
    /// Most fields of any request's head.
    package static let slowHeadFields = 256
    /// Most connections at once; further ones wait in the system's queue.
    package static let connections = 10_000
    /// Time for a whole request head, from its first byte.
    package static let headSeconds = 10
    /// Longest pause within a body.
    package static let bodySeconds = 30
    /// How long a connection may rest between requests.
    package static let restSeconds = 300
    /// How often a connection's patience is examined.
    package static let tickSeconds = 5
    /// How long a connection that rests may still send a request after the server began to stop.
    package static let drainMilliseconds: Int64 = 1000
}
