package import HTTPTypes

/// The cookie that holds the secret of a console session.
///
/// `HttpOnly`: no script reads it. `SameSite=Lax`, not `Strict`: a link from a mail or the way back from an identity
/// provider begins on another site, and must arrive logged in; nothing is changed by GET, and every other request needs
/// the form token as well. Under TLS it is `Secure` and its name begins with `__Host-`, so that neither plain HTTP nor a
/// neighbouring host can plant one.
package enum SessionCookie {
    /// Its name without TLS, which is possible on loopback only.
    package static let plainName = "martlet_session"
    /// Its name under TLS.
    package static let secureName = "__Host-martlet_session"

    /// The value of `Set-Cookie` that begins a session.
    package static func setting(_ secret: String, isSecure: Bool) -> String {
        cookie(isSecure ? secureName : plainName, secret, seconds: SessionLimits.absoluteSeconds, isSecure: isSecure)
    }

    /// The value of `Set-Cookie` that ends it.
    package static func clearing(isSecure: Bool) -> String {
        cookie(isSecure ? secureName : plainName, "", seconds: 0, isSecure: isSecure)
    }

    /// The secret among the cookies of a request; the one that was set under TLS wins, as nobody else can set it.
    ///
    /// Nil when there is none, or several of the same name: somebody has planted one.
    package static func secret(in fields: HTTPFields) -> String? {
        secret(inCookies: fields[values: .cookie])
    }

    /// The secret in the text of a `Cookie` field.
    package static func secret(inCookies header: String) -> String? {
        secret(inCookies: [header])
    }

    private static func secret(inCookies headers: [String]) -> String? {
        for name in [secureName, plainName] {
            let found = CookieField.values(of: name, in: headers)
            guard !found.isEmpty else { continue }
            guard found.count == 1, SessionSecret.isWellFormed(found[0]) else { return nil }
            return found[0]
        }
        return nil
    }

    static func cookie(_ name: String, _ value: String, seconds: Int, isSecure: Bool) -> String {
        "\(name)=\(value); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Lax\(isSecure ? "; Secure" : "")"
    }
}

/// Reads `Cookie` fields (RFC 6265, section 4.2.1).
enum CookieField {
    /// The values that are sent under a name.
    static func values(of name: String, in headers: [String]) -> [String] {
        guard headers.reduce(0, { $0 + $1.utf8.count }) <= SessionLimits.cookieBytes else { return [] }
        return headers.flatMap { header in
            header.split(separator: ";").compactMap { pair in
                let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard sides.count == 2, trimmed(sides[0]) == name else { return nil }
                return String(trimmed(sides[1]))
            }
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " || text.first == "\t" { text = text.dropFirst() }
        while text.last == " " || text.last == "\t" { text = text.dropLast() }
        return text
    }
}
