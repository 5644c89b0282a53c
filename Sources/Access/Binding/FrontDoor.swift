package import Core
package import HTTPSupport
package import HTTPTypes
package import Hummingbird

/// What every request passes before anybody asks who sends it: the way it came, the name it calls the server by, and
/// whether a page of another site sent it.
package struct FrontDoor: RouterMiddleware {
    package typealias Context = AppRequestContext

    /// What became of a request at the door.
    package enum Verdict: Sendable {
        /// It may go on; this is known of its client.
        case pass(ClientFacts)
        /// A page was asked for in the clear, and is to be asked for at this address.
        case redirect(String)
        /// It goes no further.
        case refuse(MartletError)
    }

    private let binding: Binding
    private let guarding: BrowserGuard

    /// A door for a binding.
    ///
    /// - Parameters:
    ///   - binding: where the server listens.
    ///   - allowedHosts: further names that clients may call it by.
    ///   - certificateNames: the names of the certificate in use.
    package init(
        binding: Binding,
        allowedHosts: [String] = [],
        certificateNames: @escaping @Sendable () -> [String] = { [] }
    ) {
        self.binding = binding
        // An address that was chosen to listen on is a name of the server, unless it stands for all of them.
        let own = ["0.0.0.0", "::"].contains(binding.host) ? [] : [binding.host]
        guarding = BrowserGuard(HostNames(allowedHosts + own, certificate: certificateNames))
    }

    @concurrent package func handle(
        _ request: Request,
        context: AppRequestContext,
        next: @concurrent (Request, AppRequestContext) async throws -> Response
    ) async throws -> Response {
        switch verdict(on: request.head, peer: context.peerAddress) {
        case .refuse(let error): return ErrorShape.martlet.response(for: error, requestID: context.requestID)
        case .redirect(let address): return Self.redirect(to: address)
        case .pass(let facts):
            var context = context
            context.clientAddress = facts.address
            context.isSecure = facts.isSecure
            var response = try await next(request, context)
            finish(&response, facts)
            return response
        }
    }

    /// The answer that sends a browser to TLS.
    package static func redirect(to address: String) -> Response {
        Response(status: .permanentRedirect, headers: [.location: address])
    }

    /// Adds what browsers must know of the way: that this server is to be called over TLS only.
    package func finish(_ response: inout Response, _ facts: ClientFacts) {
        guard facts.isSecure, binding.hasAccounts else { return }
        response.headers[.strictTransportSecurity] = "max-age=31536000"
    }

    /// Judges a request by its head and the address of the other end of its connection.
    package func verdict(on head: HTTPRequest, peer: String?) -> Verdict {
        var forwarded = ForwardedFields()
        if binding.isProxy(peer: peer) {
            for field in head.headerFields { forwarded.note(field.name.canonicalName, field.value) }
        }
        do throws(MartletError) {
            let facts = try facts(peer: peer, authority: head.authority, forwarded: forwarded)
            // Without accounts there may be a proxy that nobody declared, and its scheme is not known.
            let scheme = binding.hasAccounts ? facts.isSecure : nil
            if let refusal = guarding.refusal(of: head, authority: facts.authority, isSecure: scheme) {
                return .refuse(refusal)
            }
            guard isInTheClear(peer, facts, forwarded), !Self.isHealth(head.path) else { return .pass(facts) }
            return clear(head, facts)
        } catch {
            return .refuse(error)
        }
    }

    /// Judges a call that came by gRPC, which no browser can send.
    ///
    /// - Throws: `permissionDenied` or `invalidArgument` when it goes no further.
    package func client(
        peer: String?,
        authority: String,
        forwarded: ForwardedFields
    ) throws(MartletError) -> ClientFacts {
        let forwarded = binding.isProxy(peer: peer) ? forwarded : ForwardedFields()
        let facts = try facts(peer: peer, authority: authority, forwarded: forwarded)
        guard let name = facts.authority, guarding.allows(authority: name) else {
            throw MartletError(.permissionDenied, "The host '\(authority.prefix(200))' is not served here.")
        }
        guard !isInTheClear(peer, facts, forwarded) else { throw Self.inTheClear }
        return facts
    }

    /// Whether requests may call the server by this name.
    package func allows(authority: String) -> Bool { guarding.allows(authority: authority) }

    private func facts(
        peer: String?,
        authority: String?,
        forwarded: ForwardedFields
    ) throws(MartletError) -> ClientFacts {
        guard binding.admits(peer: peer) else {
            throw MartletError(.permissionDenied, "This server accepts connections from its declared proxy only.")
        }
        guard !forwarded.isEmpty else {
            return ClientFacts(address: peer, isSecure: binding.hasTLS, authority: authority)
        }
        let told = try ForwardedFor(forwarded) { address in binding.proxies.contains { $0.contains(address) } }
        return ClientFacts(
            address: told.address?.text ?? peer,
            isSecure: told.isSecure ?? false,
            authority: told.authority ?? authority
        )
    }

    /// Whether a request came through a declared proxy that does not say that the client used TLS.
    ///
    /// What comes from this machine and tells of no way is a program here, not the proxy's client.
    private func isInTheClear(_ peer: String?, _ facts: ClientFacts, _ forwarded: ForwardedFields) -> Bool {
        guard !facts.isSecure, binding.isProxy(peer: peer) else { return false }
        return !forwarded.isEmpty || peer.flatMap { PeerAddress($0) }?.isLoopback != true
    }

    private static let inTheClear = MartletError(
        .permissionDenied,
        "The proxy does not say that this request came over TLS (X-Forwarded-Proto: https), so that it is refused."
    )

    /// A request in the clear: people are sent to TLS, everybody else is told.
    private func clear(_ head: HTTPRequest, _ facts: ClientFacts) -> Verdict {
        guard head.method == .get || head.method == .head, let authority = facts.authority,
            let host = HostName(authority: authority), let path = head.path, path.hasPrefix("/"),
            head.headerFields[.accept]?.contains("text/html") == true
        else { return .refuse(Self.inTheClear) }
        let name = host.name.contains(":") ? "[\(host.name)]" : host.name
        return .redirect("https://\(name)\(path)")
    }

    /// What a proxy asks for itself, which tells nothing to anybody.
    private static func isHealth(_ path: String?) -> Bool {
        ["/health", "/healthz", "/livez", "/readyz"].contains(path)
    }
}
