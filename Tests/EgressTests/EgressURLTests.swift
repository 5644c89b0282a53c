import Core
import Egress
import Testing

/// Addresses are read in one way or not at all.
@Suite struct EgressURLTests {
    @Test(arguments: [
        ("https://example.com", "https://example.com:443/"),
        ("HTTP://Example.COM:8080/a?b=c#d", "http://example.com:8080/a?b=c"),
        ("https://example.com?x", "https://example.com:443/?x"), ("http://[::1]:5000/a", "http://[::1]:5000/a"),
        ("https://2130706433/", "https://2130706433:443/"), ("https://a_b.example./", "https://a_b.example.:443/"),
        ("https://example.com:/x", "https://example.com:443/x"),
        ("https://[::FFFF:127.0.0.1]/", "https://[::ffff:127.0.0.1]:443/"),
    ])
    func read(_ text: String, _ expected: String) throws {
        #expect(try EgressURL(text).text == expected)
    }

    @Test(
        arguments: [
            ("", .isEmpty), (" ", .isEmpty), ("https://a b/", .hasCharacter), ("https://a\u{0}/", .hasCharacter),
            ("https://a\\@b/", .hasCharacter), ("https://é/", .hasCharacter), ("example.com", .hasScheme("")),
            ("file:///etc/passwd", .hasScheme("file")), ("gopher://a/", .hasScheme("gopher")), ("https:/a", .hasNoHost),
            ("https:///a", .hasNoHost), ("http:///#/../../etc", .hasNoHost), ("https://?a", .hasNoHost),
            ("https://u@a/", .hasUser), ("https://u:p@a/", .hasUser), ("https://a%2eb/", .hasBadHost),
            ("https://a,b/", .hasBadHost), ("https://.a/", .hasBadHost), ("https://[::1/", .hasBadLiteral),
            ("https://[1.2.3.4]/", .hasBadLiteral), ("https://[fe80::1%25eth0]/", .hasBadLiteral),
            ("https://[::1]x/", .hasBadPort), ("https://a:0/", .hasBadPort), ("https://a:65536/", .hasBadPort),
            ("https://a:+80/", .hasBadPort), ("https://a:80:80/", .hasBadPort),
        ] as [(String, EgressURL.Problem)]
    )
    func refused(_ text: String, _ problem: EgressURL.Problem) {
        #expect(throws: problem) { try EgressURL(text) }
    }

    @Test func length() throws {
        let start = "https://example.com/"
        let longest = start + String(repeating: "x", count: EgressLimits.urlCharacters - start.count)
        #expect(try EgressURL(longest).text.hasSuffix("xxx"))
        #expect(throws: EgressURL.Problem.isTooLong) { try EgressURL(longest + "x") }
    }

    @Test func origins() throws {
        #expect(try EgressURL("https://a.example/x").origin == "https://a.example")
        #expect(try EgressURL("https://a.example:443/x").origin == "https://a.example")
        #expect(try EgressURL("http://a.example:443/x").origin == "http://a.example:443")
        #expect(try EgressURL("http://[::1]:80/x").origin == "http://[::1]")
    }

    @Test func errorsNameWhatWasRead() {
        let error = #expect(throws: MartletError.self) { try EgressURL.parse("ftp://a", what: "The issuer") }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message == "The issuer 'ftp://a' cannot be used: it must begin with https:// or http://.")
    }
}
