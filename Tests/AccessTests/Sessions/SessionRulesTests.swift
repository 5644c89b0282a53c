import Access
import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore
import Testing

/// When a session counts, and what its requests must bring along.
struct SessionRulesTests {
    private static let begin = Timestamp(milliseconds: 1_000_000_000_000)
    private static let secret = SessionSecret.make()

    private func session(seen: Duration = .zero) -> Session {
        Session(
            id: "s",
            accountID: "a",
            secretHash: SessionSecret.hash(Self.secret),
            createdAt: Self.begin,
            seenAt: Self.begin + seen,
            expiresAt: Self.begin + .seconds(SessionLimits.absoluteSeconds)
        )
    }

    @Test func endsAfterAPauseAndInAnyCaseAtItsEnd() {
        let idle = Duration.seconds(SessionLimits.idleSeconds)
        let whole = Duration.seconds(SessionLimits.absoluteSeconds)
        let tick = Duration.milliseconds(1)
        let fresh = session()
        #expect(SessionRules.isLive(fresh, now: Self.begin))
        #expect(SessionRules.isLive(fresh, now: Self.begin + idle - tick))
        #expect(!SessionRules.isLive(fresh, now: Self.begin + idle))
        #expect(!SessionRules.isLive(fresh, now: Self.begin + idle + tick))
        let used = session(seen: whole - .seconds(1))
        #expect(SessionRules.isLive(used, now: Self.begin + whole - tick))
        #expect(!SessionRules.isLive(used, now: Self.begin + whole))
        #expect(SessionRules.end(of: fresh) == Self.begin + idle)
        #expect(SessionRules.end(of: used) == Self.begin + whole)
    }

    @Test func aSessionFromTheFutureDoesNotCount() {
        #expect(SessionRules.isLive(session(), now: Self.begin - .seconds(60)))
        #expect(!SessionRules.isLive(session(), now: Self.begin - .seconds(61)))
    }

    @Test func usesAreNotedOnceAMinute() {
        #expect(!SessionRules.isWorthNoting(session(), now: Self.begin + .milliseconds(59_999)))
        #expect(SessionRules.isWorthNoting(session(), now: Self.begin + .seconds(60)))
    }

    @Test func secretsAreRandomAndOnlyTheirHashIsKept() {
        let secrets = Set((0..<200).map { _ in SessionSecret.make() })
        #expect(secrets.count == 200)
        for secret in secrets {
            #expect(secret.count == SessionSecret.characters && SessionSecret.isWellFormed(secret))
            #expect(SessionSecret.hash(secret).count == 64)
            #expect(!SessionSecret.hash(secret).contains(secret))
        }
        #expect(
            SessionSecret.hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        )
        for bad in ["", "a", String(repeating: "a", count: 42), String(repeating: "a", count: 44), "é"] {
            #expect(!SessionSecret.isWellFormed(bad))
        }
        #expect(!SessionSecret.isWellFormed(String(repeating: "=", count: 43)))
    }

    @Test func theFormTokenBelongsToOneSession() {
        let other = SessionSecret.make()
        let token = SessionSecret.formToken(of: Self.secret)
        #expect(SessionSecret.isFormToken(token, of: Self.secret))
        #expect(token == SessionSecret.formToken(of: Self.secret))
        #expect(token != Self.secret)
        #expect(!SessionSecret.isFormToken(token, of: other))
        #expect(!SessionSecret.isFormToken(Self.secret, of: Self.secret))
        #expect(!SessionSecret.isFormToken("", of: Self.secret))
        #expect(!SessionSecret.isFormToken(String(token.dropLast()), of: Self.secret))
        let first = token.hasPrefix("A") ? "B" : "A"
        #expect(!SessionSecret.isFormToken(first + token.dropFirst(), of: Self.secret))
    }

    private func head(
        _ method: HTTPRequest.Method,
        cookie: Bool = true,
        token: String? = nil,
        site: String? = nil,
        type: String? = nil
    ) -> HTTPRequest {
        var fields = HTTPFields()
        if cookie { fields[.cookie] = "\(SessionCookie.plainName)=\(Self.secret)" }
        if let token { fields[SessionRules.tokenHeader] = token }
        if let site { fields[HTTPField.Name("Sec-Fetch-Site") ?? .eTag] = site }
        if let type { fields[.contentType] = type }
        return HTTPRequest(method: method, scheme: "http", authority: "here:5000", path: "/x", headerFields: fields)
    }

    private func passes(_ head: HTTPRequest, form: String? = nil) -> Bool {
        do {
            try SessionRules.checkCSRF(head, formToken: form)
            return true
        } catch {
            #expect(error.code == .permissionDenied)
            return false
        }
    }

    @Test func everyRequestThatChangesSomethingBringsTheToken() {
        let token = SessionSecret.formToken(of: Self.secret)
        for method in [HTTPRequest.Method.get, .head, .options] {
            #expect(passes(head(method)))
            #expect(passes(head(method, site: "cross-site")))
        }
        for method in [HTTPRequest.Method.post, .put, .patch, .delete, .connect, .trace] {
            #expect(!passes(head(method)))
            #expect(!passes(head(method, site: "same-origin")))
            #expect(!passes(head(method, token: "x", site: "same-origin")))
            #expect(!passes(head(method, token: SessionSecret.formToken(of: SessionSecret.make()))))
            #expect(!passes(head(method, cookie: false, token: token)))
            #expect(!passes(head(method, token: token, site: "cross-site")))
            #expect(!passes(head(method, token: token, site: "same-site")))
            #expect(passes(head(method, token: token)))
            #expect(passes(head(method, token: token, site: "same-origin")))
        }
    }

    private func request(_ body: String, type: String?, site: String? = nil, cookie: Bool = true) -> Request {
        Request(
            head: head(.post, cookie: cookie, site: site, type: type),
            body: RequestBody(buffer: ByteBuffer(string: body))
        )
    }

    private func refusal(_ request: Request) async -> MartletError.Code? {
        var request = request
        do {
            try await request.checkFormToken()
            return nil
        } catch {
            return error.code
        }
    }

    @Test func formsBringTheTokenInAField() async throws {
        let form = "application/x-www-form-urlencoded; charset=utf-8"
        let token = SessionSecret.formToken(of: Self.secret)
        #expect(await refusal(request("a=b&csrf=\(token)", type: form)) == nil)
        #expect(await refusal(request("a=b&csrf=\(token)", type: form, site: "same-origin")) == nil)
        #expect(await refusal(request("a=b", type: form)) == .permissionDenied)
        #expect(await refusal(request("csrf=\(SessionSecret.make())", type: form)) == .permissionDenied)
        #expect(await refusal(request("csrf=\(token)", type: "text/plain")) == .permissionDenied)
        #expect(await refusal(request("csrf=\(token)", type: nil)) == .permissionDenied)
        #expect(await refusal(request("csrf=\(token)", type: "multipart/form-data")) == .permissionDenied)
        #expect(await refusal(request("csrf=\(token)", type: form, site: "cross-site")) == .permissionDenied)
        #expect(await refusal(request("csrf=\(token)", type: form, cookie: false)) == .permissionDenied)
        #expect(await refusal(request("csrf=%zz", type: form)) == .invalidArgument)
        var kept = request("a=b&csrf=\(token)", type: form)
        try await kept.checkFormToken()
        #expect(try await kept.readForm()["a"] == "b")
    }

    @Test func aFormHasASize() async throws {
        let form = "application/x-www-form-urlencoded"
        let begin = "csrf=\(SessionSecret.formToken(of: Self.secret))&a="
        let fits = begin + String(repeating: "x", count: SessionLimits.formBytes - begin.utf8.count)
        #expect(await refusal(request(fits, type: form)) == nil)
        #expect(await refusal(request(fits + "x", type: form)) == .payloadTooLarge)
    }

    @Test(
        arguments: [
            ("same-origin", nil, true), ("cross-site", nil, false), ("same-site", nil, false), ("none", nil, false),
            ("cross-site", "http://here:5000", false), (nil, "http://here:5000", true), (nil, "http://here", false),
            (nil, "http://there:5000", false), (nil, "null", false), (nil, nil, false),
        ] as [(String?, String?, Bool)]
    )
    func aFormWithoutASessionComesFromAPageOfOurs(_ site: String?, _ origin: String?, _ passes: Bool) {
        var head = head(.post, cookie: false, site: site)
        if let origin { head.headerFields[.origin] = origin }
        let isAccepted = (try? SessionRules.checkOrigin(head)) != nil
        #expect(isAccepted == passes)
    }
}
