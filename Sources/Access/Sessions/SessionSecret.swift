import Crypto

/// The secret of a session: 256 random bits as 43 characters of URL-safe base64.
///
/// The server keeps its hash only, so whoever reads the database cannot use a session.
package enum SessionSecret {
    /// Characters of a secret.
    package static let characters = 43
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let purpose = Array("martlet console form".utf8)

    /// A fresh secret.
    package static func make() -> String {
        SymmetricKey(size: .bits256).withUnsafeBytes { encoded($0) }
    }

    /// Whether a text has the form of a secret.
    package static func isWellFormed(_ text: String) -> Bool {
        text.utf8.count == characters && text.utf8.allSatisfy(alphabet.contains)
    }

    /// What is stored: SHA-256 in lower-case hexadecimal digits, as of tokens.
    package static func hash(_ secret: String) -> String {
        SecretHash(of: secret).text
    }

    /// The token that every form of the session carries: an HMAC under the secret, so that another site cannot know it
    /// and a page that shows it does not show the secret.
    package static func formToken(of secret: String) -> String {
        HMAC<SHA256>.authenticationCode(for: purpose, using: key(of: secret)).withUnsafeBytes { encoded($0) }
    }

    /// Whether `token` is the session's; takes the same time for every wrong one.
    package static func isFormToken(_ token: String, of secret: String) -> Bool {
        guard isWellFormed(token) else { return false }
        // Comparing codes of the two texts, not the texts: where they begin to differ says nothing about either.
        let expected = HMAC<SHA256>.authenticationCode(for: Array(formToken(of: secret).utf8), using: key(of: secret))
        return HMAC<SHA256>.isValidAuthenticationCode(
            expected,
            authenticating: Array(token.utf8),
            using: key(of: secret)
        )
    }

    private static func key(of secret: String) -> SymmetricKey {
        SymmetricKey(data: Array(secret.utf8))
    }

    private static func encoded(_ bytes: UnsafeRawBufferPointer) -> String {
        var text: [UInt8] = []
        var buffer: UInt32 = 0
        var bits = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(alphabet[Int((buffer >> UInt32(bits)) & 63)])
            }
        }
        if bits > 0 { text.append(alphabet[Int((buffer << UInt32(6 - bits)) & 63)]) }
        return String(decoding: text, as: UTF8.self)
    }
}
