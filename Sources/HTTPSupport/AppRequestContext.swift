import Core
package import Hummingbird
import NIOCore

/// What travels with a request from the socket to its handler.
package struct AppRequestContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The request's id, which every log line, ledger record, audit record and error carries.
    package var requestID: String
    /// Who asks; set by the gate before the router sees the request, and until then nobody.
    package var principal = Principal.anonymous
    /// The client's address, without port: the peer's, or what a declared proxy says; nil when it is not known.
    package var clientAddress: String?
    /// The address of the other end of the connection, without port.
    package let peerAddress: String?
    /// Whether the request came over TLS, here or at a declared proxy.
    package var isSecure = false

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        requestID = Identifier.timeOrdered()
        peerAddress = source.channel.remoteAddress?.ipAddress
        clientAddress = peerAddress
    }
}
