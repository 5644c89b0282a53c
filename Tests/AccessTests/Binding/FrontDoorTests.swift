import Access
import Core
import HTTPSupport
import HTTPTypes
import Testing

@Suite struct FrontDoorTests {
    private func door(
        host: String = "0.0.0.0",
        proxies: [String] = ["10.0.0.0/8"],
        hasTLS: Bool = false,
        certificateNames: [String] = []
    ) throws -> FrontDoor {
        let binding = try Binding.decide(
            host: host,
            auth: nil,
            certificate: hasTLS ? "c" : nil,
            key: hasTLS ? "k" : nil,
            proxies: proxies
        )
        return FrontDoor(binding: binding, allowedHosts: ["models.example"], certificateNames: { certificateNames })
    }

    private func head(
        _ method: HTTPRequest.Method = .get,
        _ path: String = "/api",
        host: String? = "models.example",
        _ fields: [String: String] = [:]
    ) throws -> HTTPRequest {
        var head = HTTPRequest(method: method, scheme: "http", authority: host, path: path)
        for (name, value) in fields { head.headerFields[try #require(HTTPField.Name(name))] = value }
        return head
    }

    private func head(_ method: HTTPRequest.Method, _ fields: [String: String]) throws -> HTTPRequest {
        try head(method, "/api", host: "models.example", fields)
    }

    private func head(_ fields: [String: String]) throws -> HTTPRequest { try head(.get, fields) }

    private func head(_ method: HTTPRequest.Method, _ path: String, _ fields: [String: String]) throws -> HTTPRequest {
        try head(method, path, host: "models.example", fields)
    }

    private func facts(_ verdict: FrontDoor.Verdict) -> ClientFacts? {
        if case .pass(let facts) = verdict { facts } else { nil }
    }

    private let secure = ["X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"]

    @Test func aDeclaredProxyIsBelieved() throws {
        let told = facts(try door().verdict(on: try head(.post, secure), peer: "10.1.1.1"))
        #expect(told?.address == "203.0.113.9")
        #expect(told?.isSecure == true)
        let renamed = secure.merging(["X-Forwarded-Host": "models.example"]) { $1 }
        #expect(facts(try door().verdict(on: try head(host: "127.0.0.1:5000", renamed), peer: "10.1.1.1")) != nil)
        let evil = secure.merging(["X-Forwarded-Host": "evil.example"]) { $1 }
        #expect(facts(try door().verdict(on: try head(evil), peer: "10.1.1.1")) == nil)
    }

    @Test func othersAreNotBelieved() throws {
        let secured = try door(hasTLS: true)
        let claims = ["X-Forwarded-For": "10.9.9.9", "X-Forwarded-Host": "models.example", "X-Forwarded-Proto": "http"]
        #expect(facts(secured.verdict(on: try head(host: "evil.example", claims), peer: "203.0.113.9")) == nil)
        let told = facts(secured.verdict(on: try head(claims), peer: "203.0.113.9"))
        #expect(told?.address == "203.0.113.9")
        #expect(told?.isSecure == true)
        let forwarded = ["Forwarded": "for=10.9.9.9;host=models.example"]
        #expect(facts(secured.verdict(on: try head(host: "evil.example", forwarded), peer: "203.0.113.9")) == nil)
    }

    @Test func inPlainHTTPOthersDoNotEvenGetAHearing() throws {
        #expect(facts(try door().verdict(on: try head(secure), peer: "203.0.113.9")) == nil)
        #expect(facts(try door().verdict(on: try head(secure), peer: nil)) == nil)
    }

    @Test func whatCameInTheClearIsRefusedAndPagesAreSentToTLS() throws {
        for fields in [["X-Forwarded-Proto": "http"], ["X-Forwarded-For": "203.0.113.9"], [:]] {
            guard case .refuse(let error) = try door().verdict(on: try head(fields), peer: "10.1.1.1") else {
                Issue.record("\(fields) passed")
                continue
            }
            #expect(error.code == .permissionDenied)
        }
        let page = ["X-Forwarded-Proto": "http", "Accept": "text/html,*/*"]
        guard
            case .redirect(let address) = try door().verdict(on: try head(.get, "/models?x=1", page), peer: "10.1.1.1")
        else {
            Issue.record("no redirect")
            return
        }
        #expect(address == "https://models.example/models?x=1")
        // Nobody is sent to a name that is not the server's, and nothing is sent again that changes something.
        guard case .refuse = try door().verdict(on: try head(host: "evil.example", page), peer: "10.1.1.1"),
            case .refuse = try door().verdict(on: try head(.post, page), peer: "10.1.1.1")
        else {
            Issue.record("not refused")
            return
        }
    }

    @Test func healthIsToldToAProxyThatAsksForItself() throws {
        #expect(facts(try door().verdict(on: try head(.get, "/readyz"), peer: "10.1.1.1"))?.isSecure == false)
        #expect(facts(try door().verdict(on: try head(.get, "/readyz?x"), peer: "10.1.1.1")) == nil)
    }

    @Test func programsOnTheProxysMachineMayCallWithoutIt() throws {
        let local = try door(host: "127.0.0.1", proxies: ["127.0.0.1"])
        #expect(facts(local.verdict(on: try head(host: "127.0.0.1:5000"), peer: "127.0.0.1"))?.isSecure == false)
        #expect(facts(local.verdict(on: try head(["X-Forwarded-For": "203.0.113.9"]), peer: "127.0.0.1")) == nil)
    }

    @Test func theNamesOfTheCertificateAreServed() throws {
        let secured = try door(proxies: [], hasTLS: true, certificateNames: ["a.example", "*.b.example", "192.0.2.7"])
        for host in ["a.example", "x.b.example:8443", "192.0.2.7", "models.example", "localhost"] {
            #expect(facts(secured.verdict(on: try head(host: host), peer: "203.0.113.9")) != nil, "\(host)")
        }
        for host in ["b.example", "x.y.b.example", "evil.example", ".b.example", "192.0.2.8"] {
            #expect(facts(secured.verdict(on: try head(host: host), peer: "203.0.113.9")) == nil, "\(host)")
        }
    }

    @Test func pagesInTheClearAreAnotherOrigin() throws {
        let secured = try door(proxies: [], hasTLS: true)
        func passes(_ origin: String) throws -> Bool {
            facts(secured.verdict(on: try head(.post, ["Origin": origin]), peer: "203.0.113.9")) != nil
        }
        #expect(try passes("https://models.example"))
        #expect(try !passes("http://models.example"))
        #expect(try !passes("http://models.example:443"))
    }

    @Test func grpcIsJudgedByTheSameRules() throws {
        var forwarded = ForwardedFields()
        forwarded.note("x-forwarded-proto", "https")
        forwarded.note("x-forwarded-for", "203.0.113.9")
        let told = try door().client(peer: "10.1.1.1", authority: "models.example", forwarded: forwarded)
        #expect(told.address == "203.0.113.9")
        #expect(throws: MartletError.self) {
            try door().client(peer: "10.1.1.1", authority: "models.example", forwarded: ForwardedFields())
        }
        #expect(throws: MartletError.self) {
            try door().client(peer: "203.0.113.9", authority: "models.example", forwarded: forwarded)
        }
        #expect(throws: MartletError.self) {
            try door(hasTLS: true).client(peer: "203.0.113.9", authority: "evil.example", forwarded: ForwardedFields())
        }
        let direct = try door(hasTLS: true).client(
            peer: "203.0.113.9",
            authority: "models.example",
            forwarded: forwarded
        )
        #expect(direct.address == "203.0.113.9")
        #expect(direct.isSecure)
    }
}
