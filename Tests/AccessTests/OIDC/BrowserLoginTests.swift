import Access
import Core
import Crypto
import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Synchronization
import TestSupport
import Testing

/// The way of a browser to an issuer and back.
@Suite struct BrowserLoginTests {
    /// A login that has begun: what the issuer was told.
    private struct Begun {
        let browser: String
        let query: [String: String]
    }

    private func begin(_ service: OIDCService, next: String? = "/models") async throws -> Begun {
        let departure = try await service.begin(nil, next: next, callback: "http://localhost/auth/oidc/callback")
        let items = URLComponents(string: departure.location)?.queryItems ?? []
        return Begun(
            browser: departure.browser,
            query: Dictionary(items.map { ($0.name, $0.value ?? "") }) { first, _ in first }
        )
    }

    private func answer(_ begun: Begun, _ change: (inout OIDCService.Return) -> Void = { _ in }) -> OIDCService.Return {
        var answer = OIDCService.Return()
        answer.state = begun.query["state"]
        answer.code = "the code"
        change(&answer)
        return answer
    }

    private func prepare(
        _ issuer: TestIssuer,
        _ begun: Begun,
        _ change: (inout JSONObject) -> Void = { _ in }
    ) throws {
        let token = try issuer.token(
            issuer.claims {
                $0["aud"] = "martlet"
                $0["nonce"] = .string(begun.query["nonce"] ?? "")
                change(&$0)
            }
        )
        issuer.state.withLock { $0.idToken = token }
    }

    @Test func aLogin() async throws {
        try await TestIssuer.serving { issuer in
            let service = try issuer.service { $0.clientSecret = "s:ä" }
            let begun = try await begin(service)
            #expect(begun.query["tenant"] == "1" && begun.query["response_type"] == "code")
            #expect(begun.query["client_id"] == "martlet" && begun.query["scope"] == "openid profile email")
            #expect(begun.query["code_challenge_method"] == "S256")
            try prepare(issuer, begun)
            let (account, next) = try await service.finish(answer(begun), browser: begun.browser)
            #expect(account.name == "alice" && next == "/models")
            // The issuer can check that whoever shows the code is who began the login.
            let form = try #require(issuer.state.withLock { $0.forms.first })
            let fields = Dictionary(
                (URLComponents(string: "?\(form)")?.queryItems ?? []).map { ($0.name, $0.value ?? "") }
            ) { first, _ in first }
            let verifier = try #require(fields["code_verifier"])
            #expect(Base64URL.encode(SHA256.hash(data: Array(verifier.utf8))) == begun.query["code_challenge"])
            #expect(fields["redirect_uri"] == "http://localhost/auth/oidc/callback" && fields["code"] == "the code")
            #expect(fields["client_secret"] == nil)
            let header = try #require(issuer.state.withLock { $0.authorizations.first })
            #expect(header == "Basic \(Data("martlet:s%3A%C3%A4".utf8).base64EncodedString())")
            // Once is all.
            #expect(await refusal { try await service.finish(answer(begun), browser: begun.browser) } != nil)
        }
    }

    @Test func theSecretInTheBody() async throws {
        try await TestIssuer.serving { issuer in
            issuer.state.withLock {
                $0.extra = ["token_endpoint_auth_methods_supported": ["client_secret_post"]]
            }
            let service = try issuer.service { $0.clientSecret = "secret" }
            let begun = try await begin(service)
            try prepare(issuer, begun)
            _ = try await service.finish(answer(begun), browser: begun.browser)
            #expect(issuer.state.withLock { $0.forms.first?.contains("client_secret=secret") } == true)
            #expect(issuer.state.withLock { $0.authorizations } == [""])
        }
    }

    @Test func loginsThatAreNotBelieved() async throws {
        try await TestIssuer.serving { issuer in
            let service = try issuer.service()
            let wrong: [(String, JSONValue?)] = [
                ("nonce", "another"), ("nonce", nil), ("nonce", ""), ("aud", "ci"), ("aud", ["martlet", "x"]),
                ("azp", "other"), ("iss", "https://evil.example"), ("exp", 1),
            ]
            for (name, value) in wrong {
                let begun = try await begin(service)
                try prepare(issuer, begun) { $0[name] = value }
                let reason = await refusal { try await service.finish(answer(begun), browser: begun.browser) }
                #expect(reason?.hasPrefix("The token is not accepted") == true, "\(name)")
            }
            let several = try await begin(service)
            try prepare(issuer, several) {
                $0["aud"] = ["martlet", "x"]
                $0["azp"] = "martlet"
            }
            _ = try await service.finish(answer(several), browser: several.browser)
            let begun = try await begin(service)
            issuer.state.withLock { $0.idToken = "nonsense" }
            #expect(await refusal { try await service.finish(answer(begun), browser: begun.browser) } != nil)
        }
    }

    @Test func anotherBrowserAndAnotherTime() async throws {
        try await TestIssuer.serving { issuer in
            let service = try issuer.service()
            for browser in [nil, "", "x", String(repeating: "A", count: 43)] {
                let begun = try await begin(service)
                try prepare(issuer, begun)
                #expect(await refusal { try await service.finish(answer(begun), browser: browser) } != nil)
                // A wrong try uses the login up.
                #expect(await refusal { try await service.finish(answer(begun), browser: begun.browser) } != nil)
            }
            let begun = try await begin(service)
            try prepare(issuer, begun)
            for state in [nil, "", "x"] {
                let other = answer(begun) { $0.state = state }
                #expect(await refusal { try await service.finish(other, browser: begun.browser) } != nil)
            }
            issuer.access.clock.advance(by: .seconds(OIDCLimits.loginSeconds))
            #expect(await refusal { try await service.finish(answer(begun), browser: begun.browser) } != nil)
            #expect(issuer.state.withLock { $0.forms.isEmpty })
        }
    }

    @Test func whatTheIssuerSays() async throws {
        try await TestIssuer.serving { issuer in
            let service = try issuer.service()
            func outcome(_ change: @escaping (inout OIDCService.Return) -> Void) async throws -> String? {
                let begun = try await begin(service)
                try prepare(issuer, begun)
                let answer = answer(begun, change)
                return await refusal { try await service.finish(answer, browser: begun.browser) }
            }
            #expect(try await outcome { $0.error = "access_denied" }?.contains("access_denied") == true)
            #expect(try await outcome { $0.error = "<img onerror>" }?.contains("<") == false)
            #expect(try await outcome { $0.code = nil } != nil)
            #expect(try await outcome { $0.issuer = "https://evil.example" }?.contains("another identity") == true)
            #expect(try await outcome { $0.issuer = issuer.url } == nil)
            issuer.state.withLock { $0.extra = ["authorization_response_iss_parameter_supported": true] }
            issuer.access.clock.advance(by: .seconds(OIDCLimits.documentSeconds))
            #expect(try await outcome { _ in } != nil)
        }
    }

    @Test func loginsAreBounded() async throws {
        try await TestIssuer.serving { issuer in
            let service = try issuer.service()
            for _ in 0..<OIDCLimits.pendingLogins { _ = try await begin(service) }
            #expect(await refusal { try await begin(service) }?.hasPrefix("resourceExhausted") == true)
            issuer.access.clock.advance(by: .seconds(OIDCLimits.loginSeconds))
            #expect(await refusal { try await begin(service) } == nil)
        }
    }

    @Test func groupsAreBounded() async throws {
        try await TestIssuer.serving { issuer in
            let groups = (0...OIDCLimits.groups).map { JSONValue.string("g\($0)") }
            let claims = issuer.claims { $0["groups"] = .array(groups) }
            let subject = try TokenRules.subject(
                of: claims,
                issuer: issuer.configured(),
                purpose: .bearer,
                now: issuer.access.clock.clock.now
            )
            #expect(subject.groups.count == OIDCLimits.groups)
            #expect(OIDCLimits.requestSeconds > 0)
        }
    }

    @Test func theRoutes() async throws {
        try await TestIssuer.serving { issuer in
            let service = try issuer.service()
            let router = Router(context: AppRequestContext.self)
            let sessions = SessionService(store: issuer.access.store, clock: issuer.access.clock.clock)
            OIDCRoutes(service: service, sessions: sessions).register(in: .forTests(router))
            try await Application(router: router).test(.router) { client in
                let start = try await client.execute(uri: "/auth/oidc/login?next=//evil.example", method: .get)
                #expect(start.status == .seeOther)
                let cookie = try #require(start.headers[.setCookie])
                #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"))
                let location = try #require(start.headers[.location])
                #expect(location.hasPrefix("\(issuer.url)/authorize?tenant=1&"))
                let items = URLComponents(string: location)?.queryItems ?? []
                let begun = Begun(
                    browser: "",
                    query: Dictionary(items.map { ($0.name, $0.value ?? "") }) { first, _ in first }
                )
                try prepare(issuer, begun)
                let state = begun.query["state"] ?? ""
                let sent = HTTPFields([HTTPField(name: .cookie, value: String(cookie.prefix { $0 != ";" }))])
                let back = try await client.execute(
                    uri: "/auth/oidc/callback?code=c&state=\(state)",
                    method: .get,
                    headers: sent
                )
                #expect(back.status == .seeOther && back.headers[.location] == "/")
                let cookies = back.headers[values: .setCookie]
                #expect(cookies.count == 2 && cookies[0].hasPrefix("martlet_session="))
                #expect(cookies[1].hasPrefix("martlet_oidc=;") && cookies[1].contains("Max-Age=0"))
                let again = try await client.execute(
                    uri: "/auth/oidc/callback?code=c&state=\(state)",
                    method: .get,
                    headers: sent
                )
                #expect(again.status == .forbidden && again.headers[.setCookie] == nil)
                let long = String(repeating: "x", count: OIDCLimits.parameterCharacters + 1)
                for query in ["state=a&state=b", "state=\(long)", "code=\(long)"] {
                    let answer = try await client.execute(
                        uri: "/auth/oidc/callback?\(query)",
                        method: .get,
                        headers: sent
                    )
                    #expect(answer.status == .badRequest)
                }
                #expect(try await client.execute(uri: "/auth/oidc/login?issuer=x", method: .get).status == .notFound)
            }
        }
    }
}
