import Access
import Core
import HTTPTypes
import Testing

@Suite struct BrowserGuardTests {
    private func head(
        _ method: HTTPRequest.Method = .post,
        host: String?,
        origin: String? = nil,
        fetchSite: String? = nil
    ) throws -> HTTPRequest {
        var head = HTTPRequest(method: method, scheme: "http", authority: host, path: "/")
        if let origin { head.headerFields[.origin] = origin }
        if let fetchSite { head.headerFields[try #require(HTTPField.Name("Sec-Fetch-Site"))] = fetchSite }
        return head
    }

    @Test(arguments: ["localhost:5000", "127.0.0.1:5000", "[::1]:5000", "LOCALHOST", "127.0.0.1"])
    func loopbackNamesPass(host: String) throws {
        #expect(BrowserGuard().refusal(of: try head(host: host)) == nil)
    }

    @Test(arguments: [
        "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:5000", "user@localhost", "localhost/x",
        "localhost:99999", "localhost:+5", "", "[::1", "localhost:",
    ])
    func otherNamesAreRefused(host: String) throws {
        #expect(BrowserGuard().refusal(of: try head(.get, host: host))?.code == .permissionDenied)
    }

    @Test func missingHostIsRefused() throws {
        #expect(BrowserGuard().refusal(of: try head(host: nil))?.code == .permissionDenied)
    }

    @Test(arguments: [
        "https://evil.example", "null", "http://localhost.evil.example", "file://", "http://user@localhost",
    ])
    func otherOriginsAreRefused(origin: String) throws {
        #expect(BrowserGuard().refusal(of: try head(host: "localhost:5000", origin: origin)) != nil)
        #expect(BrowserGuard().refusal(of: try head(.get, host: "localhost:5000", origin: origin)) != nil)
    }

    @Test func ownOriginPasses() throws {
        #expect(BrowserGuard().refusal(of: try head(host: "localhost:5000", origin: "http://localhost:5000")) == nil)
        #expect(BrowserGuard().refusal(of: try head(host: "127.0.0.1:80", origin: "http://localhost")) == nil)
    }

    @Test func anotherApplicationOnThisMachineIsRefused() throws {
        #expect(BrowserGuard().refusal(of: try head(host: "localhost:5000", origin: "http://localhost:3000")) != nil)
        #expect(BrowserGuard().refusal(of: try head(host: "localhost:5000", origin: "http://localhost")) != nil)
    }

    @Test func crossSiteWithoutOriginIsRefusedForChangesOnly() throws {
        let guarding = BrowserGuard()
        #expect(guarding.refusal(of: try head(.post, host: "localhost", fetchSite: "cross-site")) != nil)
        #expect(guarding.refusal(of: try head(.get, host: "localhost", fetchSite: "cross-site")) == nil)
        #expect(guarding.refusal(of: try head(.post, host: "localhost", fetchSite: "same-origin")) == nil)
    }

    @Test func aStreamIsNotOpenedForPagesOfOtherSites() throws {
        var stream = try head(.get, host: "localhost", fetchSite: "cross-site")
        stream.headerFields[.accept] = "text/event-stream"
        #expect(BrowserGuard().refusal(of: stream) != nil)
        var socket = try head(.get, host: "localhost", fetchSite: "same-site")
        socket.headerFields[.upgrade] = "websocket"
        #expect(BrowserGuard().refusal(of: socket) != nil)
        var own = try head(.get, host: "localhost", fetchSite: "same-origin")
        own.headerFields[.accept] = "text/event-stream"
        #expect(BrowserGuard().refusal(of: own) == nil)
    }

    @Test func addedHostsPass() throws {
        let guarding = BrowserGuard(allowing: ["Models.Example"])
        #expect(guarding.refusal(of: try head(host: "models.example:80")) == nil)
    }
}

@Suite struct LoopbackAccessTests {
    @Test(arguments: ["127.0.0.1", "127.1.2.3", "localhost", "::1"])
    func loopbackIsAccepted(host: String) throws {
        try LoopbackAccess.validate(host: host)
    }

    @Test(arguments: ["0.0.0.0", "192.168.1.4", "::", "example.org", "127.0.0.1.example.org", "127.0.0.256", "127.0.0"])
    func otherAddressesAreRefused(host: String) {
        #expect(throws: (any Error).self) { try LoopbackAccess.validate(host: host) }
    }
}
