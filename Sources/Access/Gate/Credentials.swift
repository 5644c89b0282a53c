import Foundation

/// What `Authorization` holds (RFC 9110, section 11.6.2).
enum Credentials: Equatable {
    /// A token of this server.
    case token(String)
    /// A token of somebody else, to be checked by its signature.
    case bearer(String)
    /// A name and a password (RFC 7617).
    case password(name: String, password: String)
    /// A scheme that is not known here, or a value that is no credentials.
    case malformed

    /// Reads the field's value.
    init(_ value: String) {
        guard value.utf8.count <= AccessLimits.authorizationBytes,
            let space = value.firstIndex(of: " ")
        else {
            self = .malformed
            return
        }
        let scheme = value[..<space].lowercased()
        let rest = value[space...].drop { $0 == " " }
        switch scheme {
        case "bearer":
            guard !rest.isEmpty, !rest.contains(" ") else {
                self = .malformed
                return
            }
            self = rest.hasPrefix(TokenSecret.prefix) ? .token(String(rest)) : .bearer(String(rest))
        case "basic": self.init(basic: rest)
        default: self = .malformed
        }
    }

    private init(basic encoded: Substring) {
        guard let data = Data(base64Encoded: String(encoded)), let text = String(validating: data, as: UTF8.self),
            let colon = text.firstIndex(of: ":")
        else {
            self = .malformed
            return
        }
        let password = String(text[text.index(after: colon)...])
        // Clients that know Basic only send a token as the password, whatever name they put before it.
        guard !password.hasPrefix(TokenSecret.prefix) else {
            self = .token(password)
            return
        }
        self = .password(name: String(text[..<colon]), password: password)
    }
}
