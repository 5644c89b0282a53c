import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird

/// The way to an identity provider and back.
package struct OIDCRoutes {
    static let loginPath = "/auth/oidc/login"
    static let callbackPath = "/auth/oidc/callback"

    private let service: OIDCService
    private let sessions: SessionService

    /// Routes of a service; who comes back gets one of the sessions.
    package init(service: OIDCService, sessions: SessionService) {
        self.service = service
        self.sessions = sessions
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        let (service, sessions) = (service, sessions)
        routes.get(Self.loginPath, permission: .open, errors: .page) { request, context in
            let departure = try await service.begin(
                request.query("issuer"),
                next: try Self.parameter("next", request),
                callback: Self.callback(request, context)
            )
            return Self.redirect(
                to: departure.location,
                cookies: [OIDCCookie.setting(departure.browser, isSecure: context.isSecure)]
            )
        }
        routes.get(Self.callbackPath, permission: .open, errors: .page) { request, context in
            var answer = OIDCService.Return()
            answer.state = try Self.parameter("state", request)
            answer.code = try Self.parameter("code", request)
            answer.error = try Self.parameter("error", request)
            answer.issuer = try Self.parameter("iss", request)
            let browser = OIDCCookie.secret(in: request.headers, isSecure: context.isSecure)
            let (account, next) = try await Self.shown { () async throws(MartletError) in
                try await service.finish(answer, browser: browser)
            }
            let begun = try await sessions.begin(
                account,
                agent: request.headers[.userAgent],
                replacing: context.principal.sessionID,
                isSecure: context.isSecure
            )
            return Self.redirect(
                to: next,
                cookies: [begun.setCookie, OIDCCookie.clearing(isSecure: context.isSecure)]
            )
        }
    }

    /// A parameter that is there once at most, and not endless.
    private static func parameter(_ name: String, _ request: Request) throws(MartletError) -> String? {
        let values = request.uri.queryParameters.filter { $0.key == name[...] }.map { String($0.value) }
        guard values.count <= 1, values.allSatisfy({ $0.utf8.count <= OIDCLimits.parameterCharacters }) else {
            throw MartletError(.invalidArgument, "The parameter '\(name)' is there twice or too long.")
        }
        return values.first
    }

    /// A login that went wrong has a page that says why; sending the browser to the login again would hide it.
    private static func shown<Outcome>(
        _ body: () async throws(MartletError) -> Outcome
    ) async throws(MartletError) -> Outcome {
        do throws(MartletError) {
            return try await body()
        } catch {
            guard error.code == .unauthenticated else { throw error }
            throw MartletError(.permissionDenied, error.message, cause: error)
        }
    }

    /// This server's own address, as the browser knows it; the door has checked the name.
    private static func callback(_ request: Request, _ context: AppRequestContext) -> String {
        "\(context.isSecure ? "https" : "http")://\(request.head.authority ?? "localhost")\(callbackPath)"
    }

    private static func redirect(to location: String, cookies: [String]) -> Response {
        var headers = HTTPFields()
        headers[.location] = location
        headers[.cacheControl] = "no-store"
        // The addresses carry codes, which are nobody else's business.
        if let policy = HTTPField.Name("Referrer-Policy") { headers[policy] = "no-referrer" }
        for cookie in cookies { headers.append(HTTPField(name: .setCookie, value: cookie)) }
        return Response(status: .seeOther, headers: headers)
    }
}

/// The cookie that binds a login to the browser that began it.
enum OIDCCookie {
    private static func name(_ isSecure: Bool) -> String { isSecure ? "__Host-martlet_oidc" : "martlet_oidc" }

    static func setting(_ secret: String, isSecure: Bool) -> String {
        SessionCookie.cookie(name(isSecure), secret, seconds: OIDCLimits.loginSeconds, isSecure: isSecure)
    }

    static func clearing(isSecure: Bool) -> String {
        SessionCookie.cookie(name(isSecure), "", seconds: 0, isSecure: isSecure)
    }

    /// Nil when there is none, or several: somebody has planted one.
    static func secret(in headers: HTTPFields, isSecure: Bool) -> String? {
        let found = CookieField.values(of: name(isSecure), in: headers[values: .cookie])
        return found.count == 1 ? found.first : nil
    }
}
