package import Core
package import HTTPSupport
package import HTTPTypes
package import Hummingbird

/// Keeps web pages of other origins from driving the server with the rights of the person before the browser.
///
/// On loopback, where no login is asked for, a page in the user's browser can send requests to 127.0.0.1; elsewhere it
/// can send them with a session's cookie. Two facts give it away: a name that is not the server's stands in `Host` (DNS
/// rebinding), or `Origin` and `Sec-Fetch-Site` name another site.
package struct BrowserGuard: RouterMiddleware {
    package typealias Context = AppRequestContext

    private let names: HostNames

    /// Allows the loopback names and `extra` host names, without ports.
    package init(allowing extra: [String] = []) {
        self.init(HostNames(extra))
    }

    /// Allows some names.
    package init(_ names: HostNames) {
        self.names = names
    }

    @concurrent package func handle(
        _ request: Request,
        context: AppRequestContext,
        next: @concurrent (Request, AppRequestContext) async throws -> Response
    ) async throws -> Response {
        if let refusal = refusal(of: request.head) {
            return ErrorShape.martlet.response(for: refusal, requestID: context.requestID)
        }
        return try await next(request, context)
    }

    /// Why a request is refused; nil when it may pass.
    package func refusal(of head: HTTPRequest) -> MartletError? {
        refusal(of: head, authority: head.authority, isSecure: nil)
    }

    /// Why a request is refused; nil when it may pass.
    ///
    /// - Parameters:
    ///   - head: the request's head.
    ///   - authority: the name and port that the client used, which a declared proxy may tell instead of `Host`.
    ///   - isSecure: whether the client used TLS; nil when that is not known, because a proxy may stand before the server
    ///     without having been declared.
    /// - Returns: the error that the client is told.
    package func refusal(of head: HTTPRequest, authority: String?, isSecure: Bool?) -> MartletError? {
        guard let authority, let host = HostName(authority: authority) else {
            return MartletError(.permissionDenied, "The Host header is missing or malformed.")
        }
        guard names.contains(host.name) else {
            return MartletError(
                .permissionDenied,
                "The host '\(host.name)' is not served here; add it with --allowed-host if it is yours."
            )
        }
        if let origin = head.headerFields[.origin], !isAllowed(origin: origin, port: host.port, isSecure) {
            return MartletError(.permissionDenied, "Requests from pages of '\(origin.prefix(200))' are not accepted.")
        }
        if Self.needsSameSite(head), let site = head.headerFields[.secFetchSite], site != "same-origin", site != "none"
        {
            return MartletError(.permissionDenied, "Requests from pages of other sites are not accepted.")
        }
        return nil
    }

    /// Whether requests may call the server by this name, as `Host` or `:authority` say it.
    package func allows(authority: String) -> Bool {
        HostName(authority: authority).map { names.contains($0.name) } ?? false
    }

    /// Whether a request changes something, or opens a stream that would go on telling a page.
    private static func needsSameSite(_ head: HTTPRequest) -> Bool {
        switch head.method {
        case .get, .head:
            head.headerFields[.upgrade] != nil
                || head.headerFields[.accept]?.lowercased().contains("text/event-stream") == true
        case .options: false
        default: true
        }
    }

    /// Whether a page of `origin` is our own: an allowed name on the port that the request was sent to.
    private func isAllowed(origin: String, port: Int?, _ isSecure: Bool?) -> Bool {
        for (scheme, standardPort, isTLS) in [("http://", 80, false), ("https://", 443, true)]
        where origin.lowercased().hasPrefix(scheme) {
            guard let host = HostName(authority: String(origin.dropFirst(scheme.count))) else { return false }
            return names.contains(host.name) && (host.port ?? standardPort) == (port ?? standardPort)
                && isSecure ?? isTLS == isTLS
        }
        return false
    }
}

extension HTTPField.Name {
    fileprivate static let secFetchSite = HTTPField.Name("Sec-Fetch-Site") ?? .origin
}
