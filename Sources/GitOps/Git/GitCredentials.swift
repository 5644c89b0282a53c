/// What opens a repository, with the secrets themselves; it is never shown.
package enum GitCredentials: Sendable, CustomStringConvertible {
    /// Nothing.
    case none
    /// A user and a token, for HTTPS.
    case token(user: String, token: String)
    /// A private key in OpenSSH's or PEM's form, for SSH.
    case key(String)

    package var description: String {
        switch self {
        case .none: "none"
        case .token: "a token"
        case .key: "a key"
        }
    }

    /// What must not appear in any text.
    var secrets: [String] {
        switch self {
        case .none: []
        case .token(_, let token): [token]
        case .key(let key):
            key.split(separator: "\n").map(String.init).filter { $0.count > 20 && !$0.hasPrefix("-----") }
        }
    }
}
