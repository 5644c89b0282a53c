/// What a new connection goes through before its first request is read.
package struct ConnectionRules: Sendable {
    /// Speaks TLS with these certificates; nil for plain HTTP.
    package let tls: TLSCertificates?
    /// Whether a peer may connect, by its address.
    package let admits: @Sendable (_ peer: String?) -> Bool
    /// Whether requests of a peer may be answered without the router, by its address.
    package let hasLane: @Sendable (_ peer: String?) -> Bool

    /// States rules; without any, everybody may connect in plain HTTP.
    package init(
        tls: TLSCertificates? = nil,
        admits: @escaping @Sendable (_ peer: String?) -> Bool = { _ in true },
        hasLane: @escaping @Sendable (_ peer: String?) -> Bool = { _ in true }
    ) {
        self.tls = tls
        self.admits = admits
        self.hasLane = hasLane
    }
}
