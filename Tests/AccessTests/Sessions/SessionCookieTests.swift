import Access
import Core
import HTTPTypes
import Testing

/// The two cookies of the console, as they are set and as they come back.
struct SessionCookieTests {
    private let secret = SessionSecret.make()

    @Test func theCookieIsOutOfReachOfScriptsAndOtherSites() {
        let plain = SessionCookie.setting(secret, isSecure: false)
        #expect(plain.hasPrefix("martlet_session=\(secret); Path=/; Max-Age="))
        #expect(plain.contains("; HttpOnly") && plain.contains("; SameSite=Lax") && !plain.contains("Secure"))
        #expect(!plain.contains("Domain"))
        let secure = SessionCookie.setting(secret, isSecure: true)
        #expect(secure.hasPrefix("__Host-martlet_session=\(secret); Path=/; "))
        #expect(secure.hasSuffix("; Secure") && secure.contains("; HttpOnly") && !secure.contains("Domain"))
        #expect(SessionCookie.clearing(isSecure: true).hasPrefix("__Host-martlet_session=; Path=/; Max-Age=0;"))
        #expect(SessionCookie.clearing(isSecure: false).hasPrefix("martlet_session=; Path=/; Max-Age=0;"))
    }

    @Test func itIsFoundAmongOthers() {
        let other = SessionSecret.make()
        #expect(SessionCookie.secret(inCookies: "martlet_session=\(secret)") == secret)
        #expect(SessionCookie.secret(inCookies: "a=b; martlet_session=\(secret);c=d") == secret)
        #expect(SessionCookie.secret(inCookies: "martlet_session=\(other); __Host-martlet_session=\(secret)") == secret)
        for none in [
            "", "martlet_session", "martlet_session=", "xmartlet_session=\(secret)", "martlet_session=short",
            "martlet_session=\(secret)x", "martlet_session=\"\(secret)\"",
            "martlet_session=\(secret); martlet_session=\(other)",
            "__Host-martlet_session=broken; martlet_session=\(secret)",
        ] {
            #expect(SessionCookie.secret(inCookies: none) == nil, "\(none)")
        }
    }

    @Test func readsOnlySoManyBytesOfCookies() {
        let own = "martlet_session=\(secret)"
        let fits = own + "; x=" + String(repeating: "a", count: SessionLimits.cookieBytes - own.utf8.count - 4)
        #expect(fits.utf8.count == SessionLimits.cookieBytes)
        #expect(SessionCookie.secret(inCookies: fits) == secret)
        #expect(SessionCookie.secret(inCookies: fits + "a") == nil)
        var fields = HTTPFields()
        fields[.cookie] = own
        #expect(SessionCookie.secret(in: fields) == secret)
        #expect(SessionCookie.secret(in: [:]) == nil)
    }

    @Test func theWorkspaceCookieHoldsANameOrNothing() {
        #expect(WorkspaceCookie.setting("team-a", isSecure: false).hasPrefix("martlet_workspace=team-a; Path=/;"))
        #expect(WorkspaceCookie.workspace(inCookies: "martlet_workspace=team-a") == "team-a")
        for bad in ["", "A", "a", "-ab", "ab-", "a/b", "../x", "%2e", String(repeating: "a", count: 64), "a b"] {
            #expect(WorkspaceCookie.workspace(inCookies: "martlet_workspace=\(bad)") == nil, "\(bad)")
        }
        #expect(WorkspaceCookie.workspace(in: [.cookie: "x=y"]) == nil)
    }

    @Test(arguments: ["/", "/runs/1", "/runs/1?a=b&c=%20", "/experiments/1?filter=a%3E1", "/a#b", "/loginx"])
    func aLoginLeadsBackToAPage(_ path: String) {
        #expect(LoginReturn.path(path) == path)
    }

    @Test(arguments: [
        "", "runs", "//evil.example", "///evil", "/\\evil.example", "\\evil", "http://evil.example",
        "javascript:alert(1)",
        "/\t/evil.example", "/a\nb", "/a\r\nSet-Cookie: x", "/a b", "/é", "/login", "/login?next=/", "/login/oidc",
        "/logout",
        "/a/../logout", "/\u{7f}",
    ])
    func butNeverElsewhere(_ path: String) {
        #expect(LoginReturn.path(path) == "/")
    }

    @Test func aPathToReturnToHasALength() {
        let path = "/" + String(repeating: "a", count: SessionLimits.returnCharacters - 1)
        #expect(LoginReturn.path(path) == path)
        #expect(LoginReturn.path(path + "a") == "/")
        #expect(LoginReturn.path(nil) == "/")
    }
}
