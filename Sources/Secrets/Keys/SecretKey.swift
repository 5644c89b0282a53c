package import Core
import Crypto
import Foundation

/// A key of 256 bits and the id by which encrypted values name it.
package struct SecretKey: Sendable, Equatable {
    /// The first eight bytes of a SHA-256 over the key, in hexadecimal digits.
    package let id: String
    let bytes: [UInt8]

    /// Bytes of a key.
    package static let length = 32

    /// A key of 32 bytes.
    ///
    /// - Throws: `invalidArgument` for another length.
    package init(bytes: [UInt8]) throws(MartletError) {
        guard bytes.count == Self.length else {
            throw MartletError(.invalidArgument, "A key of secrets has \(Self.length) bytes, not \(bytes.count).")
        }
        self.bytes = bytes
        var hash = SHA256()
        hash.update(data: Data("martlet secret key".utf8))
        hash.update(data: Data(bytes))
        id = hash.finalize().prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private init() {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<Self.length).map { _ in UInt8.random(in: 0...255, using: &generator) }
        // 32 bytes were made, which is the one thing that can be wrong.
        if let key = try? SecretKey(bytes: bytes) { self = key } else { self.init() }
    }

    /// A new key from the system's source of randomness.
    package static func random() -> SecretKey {
        SecretKey()
    }

    /// The keys in a text: each 32 bytes in base64 of either alphabet, separated by commas or line ends.
    ///
    /// Lines that begin with `#` are comments.
    ///
    /// - Parameters:
    ///   - text: holds the keys.
    ///   - origin: what the text is, for messages.
    /// - Returns: at least one key.
    /// - Throws: `invalidArgument` without a word of the text.
    package static func parse(_ text: String, origin: String) throws(MartletError) -> [SecretKey] {
        var keys: [SecretKey] = []
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            for word in line.split(separator: ",") {
                var standard = String(word.filter { !$0.isWhitespace }.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
                if standard.isEmpty { continue }
                while standard.utf8.count % 4 != 0 { standard += "=" }
                guard let data = Data(base64Encoded: standard), data.count == length else {
                    throw MartletError(
                        .invalidArgument,
                        "\(origin) must hold keys of \(length) bytes in base64, such as `openssl rand -base64 32` prints,"
                            + " separated by commas or lines; the first is the one that encrypts."
                    )
                }
                keys.append(try SecretKey(bytes: Array(data)))
            }
        }
        guard !keys.isEmpty else { throw MartletError(.invalidArgument, "\(origin) holds no key.") }
        guard keys.count <= SecretsLimits.keys else {
            throw MartletError(.invalidArgument, "\(origin) holds more than \(SecretsLimits.keys) keys.")
        }
        return keys
    }

    /// The key as a line of a key file.
    var line: String { Data(bytes).base64EncodedString() }
}
