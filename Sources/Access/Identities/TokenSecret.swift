import Core
import Crypto

/// The secret of a token: `mlt_` and 256 random bits, of which only the SHA-256 is kept.
package enum TokenSecret {
    /// What every token begins with, so that scanners of repositories and logs find one that leaked.
    package static let prefix = "mlt_"

    /// A fresh secret of 47 characters.
    package static func make() -> String {
        prefix + SessionSecret.make()
    }

    /// Whether a text has the form of a token; it need not be one.
    package static func hasForm(_ text: String) -> Bool {
        text.hasPrefix(prefix) && text.utf8.count == prefix.utf8.count + SessionSecret.characters
    }

    /// What is shown of a secret: enough to know it again, far too little to use it.
    package static func shown(_ secret: String) -> String {
        String(secret.prefix(prefix.count + 6))
    }
}

/// The SHA-256 of a secret with 256 random bits: what is kept of it, and what it is looked up by.
///
/// Such a secret cannot be guessed, so that a fast hash protects it as well as a slow one.
package struct SecretHash: Hashable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Hashes a secret.
    package init(of secret: String) {
        var secret = secret
        words = secret.withUTF8 { bytes in SHA256.hash(data: bytes).withUnsafeBytes(Self.words) }
    }

    /// A keyed hash of a text, for what may be guessed.
    init(of text: String, key: SymmetricKey) {
        words = HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key).withUnsafeBytes(Self.words)
    }

    private static func words(_ digest: UnsafeRawBufferPointer) -> (UInt64, UInt64, UInt64, UInt64) {
        (
            digest.loadUnaligned(fromByteOffset: 0, as: UInt64.self).bigEndian,
            digest.loadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian,
            digest.loadUnaligned(fromByteOffset: 16, as: UInt64.self).bigEndian,
            digest.loadUnaligned(fromByteOffset: 24, as: UInt64.self).bigEndian
        )
    }

    /// Reads 64 hexadecimal digits; nil for anything else.
    package init?(text: String) {
        guard text.utf8.count == 64 else { return nil }
        var parts: [UInt64] = []
        var rest = Substring(text)
        for _ in 0..<4 {
            guard rest.first != "+", rest.first != "-", let word = UInt64(rest.prefix(16), radix: 16) else {
                return nil
            }
            parts.append(word)
            rest = rest.dropFirst(16)
        }
        words = (parts[0], parts[1], parts[2], parts[3])
    }

    /// 64 hexadecimal digits.
    package var text: String {
        Identifier.hexadecimal(words.0, words.1) + Identifier.hexadecimal(words.2, words.3)
    }

    package static func == (left: SecretHash, right: SecretHash) -> Bool {
        left.words == right.words
    }

    /// Any of the words is as random as all of them.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
    }
}
