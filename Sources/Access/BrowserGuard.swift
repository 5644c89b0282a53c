package import Core
package import HTTPSupport
package import Hummingbird
import HTTPTypes

/// Keeps web pages of other origins away from a server that asks for no login because it listens on loopback only.
///
/// A page in the user's browser can send requests to 127.0.0.1. Two facts give it away: a name that resolves to
/// loopback stands in `Host` (DNS rebinding), or `Origin` and `Sec-Fetch-Site` name another site.
package struct BrowserGuard: RouterMiddleware {
    package typealias Context = AppRequestContext

    private let allowedHosts: Set<String>

    /// Allows the loopback names and `extra` host names, without ports.
    package init(allowing extra: [String] = []) {
        allowedHosts = Set(["localhost", "127.0.0.1", "::1", "0.0.0.0"] + extra.map { $0.lowercased() })
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
        guard let authority = head.authority, let host = HostName(authority: authority) else {
            return MartletError(.permissionDenied, "The Host header is missing or malformed.")
        }
        guard allowedHosts.contains(host.name) else {
            return MartletError(
                .permissionDenied,
                "The host '\(host.name)' is not served here; add it with --allowed-host if it is yours."
            )
        }
        if let origin = head.headerFields[.origin], !isAllowed(origin: origin, port: host.port) {
            return MartletError(.permissionDenied, "Requests from pages of '\(origin.prefix(200))' are not accepted.")
        }
        let changes = head.method != .get && head.method != .head && head.method != .options
        if changes, let site = head.headerFields[.secFetchSite], site != "same-origin", site != "none" {
            return MartletError(.permissionDenied, "Requests from pages of other sites are not accepted.")
        }
        return nil
    }

    /// Whether requests may call the server by this name, as `Host` or `:authority` say it.
    package func allows(authority: String) -> Bool {
        HostName(authority: authority).map { allowedHosts.contains($0.name) } ?? false
    }

    /// Whether a page of `origin` is our own: an allowed name on the port that the request was sent to.
    private func isAllowed(origin: String, port: Int?) -> Bool {
        for (scheme, standardPort) in [("http://", 80), ("https://", 443)] where origin.lowercased().hasPrefix(scheme) {
            guard let host = HostName(authority: String(origin.dropFirst(scheme.count))) else { return false }
            return allowedHosts.contains(host.name) && (host.port ?? standardPort) == (port ?? standardPort)
        }
        return false
    }
}

extension HTTPField.Name {
    fileprivate static let secFetchSite = HTTPField.Name("Sec-Fetch-Site") ?? .origin
}

/// The name and port of an `Host` or `Origin` authority (RFC 3986, section 3.2), strictly parsed.
package struct HostName: Equatable {
    /// The name in lower case; an IPv6 address without brackets.
    package let name: String
    /// The port when one is given.
    package let port: Int?

    /// Parses `name`, `name:port` or `[address]:port`; nil for anything else, such as user info or a path.
    package init?(authority: String) {
        var rest = Substring(authority.lowercased())
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            name = String(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(after: end)...]
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isAddressByte) else { return nil }
        } else {
            let end = rest.firstIndex(of: ":") ?? rest.endIndex
            name = String(rest[..<end])
            rest = rest[end...]
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isNameByte) else { return nil }
        }
        guard !rest.isEmpty else {
            port = nil
            return
        }
        guard rest.first == ":", let number = UInt16(rest.dropFirst()), !rest.dropFirst().hasPrefix("+") else {
            return nil
        }
        port = Int(number)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x61...0x7A, 0x30...0x39, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x61...0x66, 0x30...0x39, 0x3A, 0x2E: true
        default: false
        }
    }
}
