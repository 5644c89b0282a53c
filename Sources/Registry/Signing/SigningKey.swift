package import Core
import Crypto
import Foundation

/// A private key with which versions are signed: Ed25519 (RFC 8032), kept as PKCS #8 in PEM (RFC 8410).
///
/// OpenSSL reads and writes the same files: `openssl genpkey -algorithm ed25519`.
package struct SigningKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    /// What stands before the 32 bytes of the key in PKCS #8.
    private static let prefix: [UInt8] = [
        0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ]

    /// A new key.
    package init() {
        key = Curve25519.Signing.PrivateKey()
    }

    /// Reads a key from PEM.
    ///
    /// - Throws: `invalidArgument` when the text is no private key of Ed25519; no message holds any of it.
    package init(pem: String) throws(MartletError) {
        let refusal = MartletError(
            .invalidArgument,
            "This is no private key of Ed25519 in PEM; make one with `martlet model keygen`."
        )
        guard let bytes = PEM.decode(pem, label: "PRIVATE KEY"), bytes.count == Self.prefix.count + 32,
            bytes.starts(with: Self.prefix),
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes.dropFirst(Self.prefix.count))
        else { throw refusal }
        self.key = key
    }

    /// The key as PEM: whoever has it can sign.
    package var pem: String {
        PEM.encode(Self.prefix + key.rawRepresentation, label: "PRIVATE KEY")
    }

    /// The key with which signatures are checked.
    package var verifyingKey: VerifyingKey {
        VerifyingKey(key: key.publicKey)
    }

    /// Signs a manifest: 64 bytes over its text, as base64.
    ///
    /// - Throws: `internal` when the library refuses.
    package func sign(_ manifest: ModelManifest) throws(MartletError) -> String {
        do {
            return try key.signature(for: Data(manifest.text.utf8)).base64EncodedString()
        } catch {
            throw MartletError(.internal, "The manifest could not be signed.", cause: error)
        }
    }
}

/// A public key with which signatures are checked: Ed25519, SubjectPublicKeyInfo in PEM.
package struct VerifyingKey: Sendable, Equatable {
    private let key: Curve25519.Signing.PublicKey

    /// What stands before the 32 bytes of the key in SubjectPublicKeyInfo.
    private static let prefix: [UInt8] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]

    fileprivate init(key: Curve25519.Signing.PublicKey) {
        self.key = key
    }

    /// Reads a key from PEM.
    ///
    /// - Throws: `invalidArgument` when the text is no public key of Ed25519.
    package init(pem: String) throws(MartletError) {
        guard let bytes = PEM.decode(pem, label: "PUBLIC KEY"), bytes.count == Self.prefix.count + 32,
            bytes.starts(with: Self.prefix),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes.dropFirst(Self.prefix.count))
        else {
            throw MartletError(
                .invalidArgument,
                "This is no public key of Ed25519 in PEM; `martlet model keygen` writes one beside the private key."
            )
        }
        self.key = key
    }

    package static func == (left: VerifyingKey, right: VerifyingKey) -> Bool {
        left.key.rawRepresentation == right.key.rawRepresentation
    }

    /// The key as PEM.
    package var pem: String {
        PEM.encode(Self.prefix + key.rawRepresentation, label: "PUBLIC KEY")
    }

    /// The name of the key: `ed25519:` and the first 32 hexadecimal digits of the SHA-256 of its
    /// SubjectPublicKeyInfo.
    package var id: String {
        let digest = SHA256.hash(data: Self.prefix + key.rawRepresentation)
        return "ed25519:"
            + digest.prefix(16).map { byte in
                let digits = String(byte, radix: 16)
                return digits.count == 1 ? "0" + digits : digits
            }
            .joined()
    }

    /// Whether a signature, in base64, is one of this key over a manifest.
    package func verifies(_ signature: String, of manifest: ModelManifest) -> Bool {
        guard signature.utf8.count <= RegistryLimits.signatureCharacters, let bytes = Data(base64Encoded: signature),
            bytes.count == 64
        else { return false }
        return key.isValidSignature(bytes, for: Data(manifest.text.utf8))
    }
}

/// Bytes as text between BEGIN and END (RFC 7468).
enum PEM {
    static func encode(_ bytes: [UInt8], label: String) -> String {
        "-----BEGIN \(label)-----\n\(Data(bytes).base64EncodedString())\n-----END \(label)-----\n"
    }

    static func decode(_ text: String, label: String) -> [UInt8]? {
        guard text.utf8.count <= RegistryLimits.keyCharacters else { return nil }
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        guard let start = lines.firstIndex(of: "-----BEGIN \(label)-----"),
            let end = lines[start...].firstIndex(of: "-----END \(label)-----")
        else { return nil }
        return Data(base64Encoded: lines[(start + 1)..<end].joined()).map(Array.init)
    }
}
