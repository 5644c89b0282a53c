package import HTTPTypes

/// The cookie that keeps which workspace the console shows: a choice, not a right; the gate checks it at each request.
package enum WorkspaceCookie {
    /// Its name.
    package static let name = "martlet_workspace"

    /// The value of `Set-Cookie` that keeps a choice for a year.
    package static func setting(_ workspace: String, isSecure: Bool) -> String {
        SessionCookie.cookie(name, workspace, seconds: 365 * 24 * 3600, isSecure: isSecure)
    }

    /// The workspace that was chosen; nil without a choice, or when the cookie holds no name of a workspace.
    package static func workspace(in fields: HTTPFields) -> String? {
        workspace(inCookies: fields[values: .cookie])
    }

    /// The workspace in the text of a `Cookie` field.
    package static func workspace(inCookies header: String) -> String? {
        workspace(inCookies: [header])
    }

    private static func workspace(inCookies headers: [String]) -> String? {
        guard let value = CookieField.values(of: name, in: headers).first, isName(value) else { return nil }
        return value
    }

    private static func isName(_ text: String) -> Bool {
        (2...63).contains(text.utf8.count) && text.first != "-" && text.last != "-"
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
