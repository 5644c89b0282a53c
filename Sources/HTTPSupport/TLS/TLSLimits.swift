/// The named maxima of TLS.
package enum TLSLimits {
    /// Largest certificate or key file, in bytes.
    package static let fileBytes = 1024 * 1024
    /// Most certificates in a chain.
    package static let chain = 16
    /// Time for a handshake, from the connection on.
    package static let handshakeSeconds = 10
    /// How often the files are looked at, in seconds.
    package static let reloadSeconds = 2
    /// How long before its end a certificate is complained of, in days.
    package static let warningDays = 14
}
