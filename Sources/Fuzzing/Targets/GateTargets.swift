import Access
import Core
import Foundation
import HTTPSupport

extension FuzzTarget {
    /// The `Authorization` header before the gate: nobody comes in but with the very token or the very password.
    static let authorization = FuzzTarget(
        "authorization",
        "Authorization headers before the gate",
        seeds: [
            "Bearer \(GateKeys.token)", "bearer \(GateKeys.token)", "Basic \(basic("x", GateKeys.token))",
            "Basic \(basic(GateKeys.name, GateKeys.password))", "Basic \(basic(GateKeys.name, "other"))",
            "Bearer a.b.c",
            "Basic !!!", "Bearer mlt_", "Digest x", "Bearer mltask_abc",
        ],
        words: ["Bearer ", "Basic ", "mlt_", GateKeys.token, basic("a", "b"), "\0", "  ", ":", "==", "mltask_"],
        forms: [.text],
        longest: 1024
    ) { bytes in
        let header = String(decoding: bytes, as: UTF8.self)
        let gate = Gatekeeper(mode: .accounts, identities: GateKeys())
        switch gate.admitNow(Caller(authorization: header, workspace: "alpha")) {
        case .later: return 1
        case .refused(let error):
            try require(!error.message.contains(GateKeys.token), "the message tells a token")
            try require(error.code == .unauthenticated, "refused with \(error.code)")
            throw error
        case .admitted(let principal):
            guard principal.kind != .anonymous else {
                try require(header.isEmpty, "'\(header)' counts as no header")
                return 2
            }
            try require(principal.name == GateKeys.name && principal.workspace == "alpha", "somebody else")
            try require(shows(header), "'\(header)' lets in")
            return 3
        }
    }

    /// JSON web tokens before their signature is looked at.
    static let webToken = FuzzTarget(
        "web-token",
        "JSON web tokens",
        seeds: [
            webToken(#"{"alg":"RS256","kid":"a","typ":"JWT"}"#, #"{"iss":"https://a","sub":"b","aud":["c"],"exp":1}"#),
            webToken(#"{"alg":"none"}"#, #"{"iss":"https://a"}"#), "a.b.c", "..", "e30.e30.AA",
        ],
        words: [".", "e30", "eyJhbGciOiJub25lIn0", "AA", "=", "-_"],
        forms: [.text]
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        guard let token = JSONWebToken(text) else { throw MartletError(.invalidArgument, "No token.") }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        try require(parts.count == 3 && !parts[2].isEmpty, "a token without a signature")
        for part in parts {
            guard let content = Base64URL.decode(part) else { throw Violation("a part that is no base64url") }
            try require(Base64URL.encode(content) == part, "two texts for one token")
        }
        return Fingerprint.structure(of: .object(token.claims))
    }

    /// What browsers send: forms, cookies and where a log-in leads.
    static let browser = FuzzTarget(
        "browser",
        "forms, cookies and the way back from a log-in",
        seeds: [
            "csrf=a&name=b%20c&x=%2B+", "martlet_session=\(String(repeating: "a", count: 43)); other=b",
            "__Host-martlet_session=\(String(repeating: "b", count: 43))", "/experiments/1?x=y", "//evil.example",
            "/\\evil",
        ],
        words: ["csrf", "=", "&", "%00", "%zz", ";", "martlet_session=", "__Host-", "/", "//", "\\", "..", "?next="],
        forms: [.text],
        longest: 2048
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let way = LoginReturn.path(text)
        try require(way.hasPrefix("/") && !way.hasPrefix("//") && !way.contains("\\"), "a log-in leads to '\(way)'")
        try require(way.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "a log-in leads to '\(way)'")
        var print = Fingerprint()
        print.take(way == "/" ? 0 : 1)
        if let secret = SessionCookie.secret(inCookies: text) {
            try require(text.contains(secret) && secret.utf8.count == 43, "the secret '\(secret)'")
            print.take(2)
        }
        print.take(WorkspaceCookie.workspace(inCookies: text) == nil ? 3 : 4)
        guard let form = try? FormFields(text) else { return print.value }
        for part in text.split(separator: "&").prefix(20) where part.contains("=") {
            let name = part.prefix { $0 != "=" }
            guard name.utf8.allSatisfy({ $0 != 0x25 && $0 != 0x2B }) else { continue }
            try require(!form.all(String(name)).isEmpty, "the field '\(name)' is lost")
        }
        return print.value &+ 1
    }

    /// What proxies say of a request.
    static let forwarded = FuzzTarget(
        "forwarded",
        "Forwarded and X-Forwarded headers",
        seeds: [
            "x-forwarded-for: 1.2.3.4, 10.0.0.1\nx-forwarded-proto: https\nx-forwarded-host: a.example",
            "forwarded: for=1.2.3.4;proto=https;host=a.example", "forwarded: for=\"[2001:db8::1]:80\", for=10.0.0.1",
            "x-forwarded-for: unknown", "forwarded: for=_x;by=\"a\\\"b\"",
        ],
        words: [
            "x-forwarded-for: ", "x-forwarded-proto: ", "x-forwarded-host: ", "forwarded: ", "for=", "proto=", "host=",
            "10.0.0.1", "[::1]", "\"", ",", ";", "\\",
        ],
        forms: [.text],
        longest: 1024
    ) { bytes in
        var fields = ForwardedFields()
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let sides = line.split(separator: ":", maxSplits: 1)
            guard sides.count == 2 else { continue }
            fields.note(sides[0].lowercased(), sides[1].trimmingCharacters(in: .whitespaces))
        }
        let known = try ForwardedFor(fields) { "\($0)".hasPrefix("10.") }
        let isSaid = fields.addresses != nil || fields.standard != nil
        try require(known.address == nil || isSaid, "an address that nobody said")
        return (known.address == nil ? 0 : 1) | (known.isSecure == nil ? 0 : 2) | (known.authority == nil ? 0 : 4)
    }

    /// Whether a header is the one that an independent reading takes for the token or the password.
    private static func shows(_ header: String) -> Bool {
        let words = header.split(separator: " ")
        guard words.count == 2, let scheme = words.first?.lowercased(), let value = words.last else { return false }
        if scheme == "bearer" { return value == GateKeys.token }
        guard scheme == "basic", let data = Data(base64Encoded: String(value)) else { return false }
        let text = String(decoding: data, as: UTF8.self)
        return text == "\(GateKeys.name):\(GateKeys.password)" || text.hasSuffix(":\(GateKeys.token)")
    }

    private static func basic(_ name: String, _ password: String) -> String {
        Data("\(name):\(password)".utf8).base64EncodedString()
    }

    private static func webToken(_ head: String, _ claims: String) -> String {
        "\(Base64URL.encode(head.utf8)).\(Base64URL.encode(claims.utf8)).\(Base64URL.encode([1, 2, 3]))"
    }
}

/// One account with one token and one password.
private struct GateKeys: IdentitySource {
    static let name = "ada"
    static let password = "correct horse battery"
    static let token = "mlt_" + String(repeating: "k", count: 43)

    private let owner = Account(id: "1", name: GateKeys.name, roles: ["alpha": .viewer])

    func account(token secret: String) -> (Account, AccessToken)? {
        guard secret == Self.token else { return nil }
        let token = AccessToken(
            id: "t",
            prefix: "mlt_",
            name: "fuzz",
            accountID: owner.id,
            scopes: .all,
            createdAt: Timestamp(milliseconds: 0)
        )
        return (owner, token)
    }

    func cachedAccount(name: String, password: String) -> Account? {
        name == Self.name && password == Self.password ? owner : nil
    }

    func account(name: String, password: String, from address: String?) async throws(MartletError) -> Account {
        throw MartletError(.unauthenticated, "The name or the password is wrong.")
    }

    func account(session secret: String) -> (Account, Session)? { nil }

    func workspace(_ name: String) -> Workspace? {
        name == "alpha" ? Workspace(name: name, createdAt: Timestamp(milliseconds: 0)) : nil
    }
}
