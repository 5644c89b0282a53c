import Access
import Core
import HTTPSupport
import Testing

@Suite struct ForwardedForTests {
    private func read(_ fields: [(String, String)]) throws -> ForwardedFor {
        var forwarded = ForwardedFields()
        for (name, value) in fields { forwarded.note(name, value) }
        let range = try NetworkRange("10.0.0.0/8")
        return try ForwardedFor(forwarded) { range.contains($0) }
    }

    @Test(arguments: [
        ("203.0.113.9", "203.0.113.9"), ("203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("1.2.3.4, 203.0.113.9, 10.0.0.2", "203.0.113.9"), ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("junk, 203.0.113.9", "203.0.113.9"), ("junk, 10.0.0.2", "10.0.0.2"), ("2001:db8::7", "2001:db8::7"),
        ("203.0.113.9:4711", "203.0.113.9"), ("[2001:db8::7]:4711", "2001:db8::7"),
    ])
    func theNearestAddressThatIsNoProxy(list: String, client: String) throws {
        #expect(try read([("x-forwarded-for", list)]).address == PeerAddress(client))
    }

    @Test func aListInSeveralFieldsIsOneList() throws {
        let told = try read([("x-forwarded-for", "1.2.3.4"), ("x-forwarded-for", "203.0.113.9")])
        #expect(told.address == PeerAddress("203.0.113.9"))
    }

    @Test func oneStepInTheClearMakesTheWayUnsafe() throws {
        #expect(try read([("x-forwarded-proto", "https")]).isSecure == true)
        #expect(try read([("x-forwarded-proto", "HTTPS, https")]).isSecure == true)
        #expect(try read([("x-forwarded-proto", "https, http")]).isSecure == false)
        #expect(try read([("x-forwarded-proto", "http,https")]).isSecure == false)
        #expect(try read([("x-forwarded-for", "203.0.113.9")]).isSecure == nil)
        #expect(throws: MartletError.self) { try read([("x-forwarded-proto", "gopher")]) }
    }

    @Test func theStandardFieldSaysTheSame() throws {
        let told = try read([
            (
                "forwarded",
                "for=1.2.3.4, for=\"[2001:db8::7]:4711\";proto=https;host=\"models.example:443\", For=10.0.0.2"
            )
        ])
        #expect(told.address == PeerAddress("2001:db8::7"))
        #expect(told.isSecure == true)
        #expect(told.authority == "models.example:443")
    }

    @Test(arguments: ["for", "for=\"1.2.3.4", "for=1.2.3.4;for=1.2.3.5", "=x", "for=\"a\\"])
    func brokenFieldsAreRefused(text: String) {
        #expect(throws: MartletError.self) { try read([("forwarded", text)]) }
    }

    @Test("A client cannot slip in the field that the proxy does not set")
    func contradictions() throws {
        let usual = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https")]
        #expect(throws: MartletError.self) { try read(usual + [("forwarded", "for=127.0.0.1;proto=https")]) }
        #expect(throws: MartletError.self) { try read(usual + [("forwarded", "for=203.0.113.9;proto=https;host=a")]) }
        #expect(try read(usual + [("forwarded", "for=203.0.113.9;proto=https")]).isSecure == true)
    }
}
