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
        // Every request passes here, so bytes are looked at and not characters.
        let bytes = value.utf8
        guard bytes.count <= AccessLimits.authorizationBytes, let space = bytes.firstIndex(of: Self.space),
            let start = bytes[space...].firstIndex(where: { $0 != Self.space })
        else {
            self = .malformed
            return
        }
        let rest = value[start...]
        if Self.isEqual(bytes[..<space], "bearer") {
            guard !rest.utf8.contains(Self.space) else {
                self = .malformed
                return
            }
            let isOwn = rest.utf8.starts(with: TokenSecret.prefix.utf8)
            self = isOwn ? .token(String(rest)) : .bearer(String(rest))
        } else if Self.isEqual(bytes[..<space], "basic") {
            self.init(basic: rest)
        } else {
            self = .malformed
        }
    }

    private static let space = UInt8(ascii: " ")

    /// Whether a scheme is the one of this name in lower case, in whatever case it is written.
    private static func isEqual(_ scheme: Substring.UTF8View, _ name: StaticString) -> Bool {
        guard scheme.count == name.utf8CodeUnitCount else { return false }
        return zip(scheme, UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)).allSatisfy {
            $0 | 0x20 == $1
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
