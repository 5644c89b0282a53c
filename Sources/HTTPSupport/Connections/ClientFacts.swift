/// What is known of the client of a request before it is asked who it is.
package struct ClientFacts: Sendable, Equatable {
    /// The client's address, without port: the peer's, or what a declared proxy says; nil when it is not known.
    package let address: String?
    /// Whether the request came over TLS, here or at a declared proxy.
    package let isSecure: Bool
    /// The name and port that the client used for the server; nil when it named none.
    package let authority: String?

    /// States facts.
    package init(address: String?, isSecure: Bool, authority: String?) {
        self.address = address
        self.isSecure = isSecure
        self.authority = authority
    }
}
