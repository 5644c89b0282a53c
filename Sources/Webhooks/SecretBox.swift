package import Core
import Crypto
import Foundation

/// Keeps the secrets of webhooks: encrypted in the database with a key that is not in it (AES-256-GCM).
package struct SecretBox: Sendable {
    private let key: SymmetricKey

    /// A box with a key of 32 bytes.
    ///
    /// - Throws: `invalidArgument` for another length.
    package init(key: [UInt8]) throws(MartletError) {
        guard key.count == 32 else {
            throw MartletError(.invalidArgument, "The key of webhook secrets must have 32 bytes, not \(key.count).")
        }
        self.key = SymmetricKey(data: key)
    }

    /// A box with the key that MLflow's `MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY` carries: 32 bytes in URL-safe base64.
    ///
    /// - Throws: `invalidArgument` for a text that is none.
    package init(base64 text: String) throws(MartletError) {
        let standard = text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
        guard let data = Data(base64Encoded: String(standard)), data.count == 32 else {
            throw MartletError(
                .invalidArgument,
                "The key of webhook secrets must be 32 bytes in URL-safe base64 (44 characters)."
            )
        }
        try self.init(key: Array(data))
    }

    /// Encrypts a secret for one webhook; it cannot be moved to another.
    func seal(_ secret: String, for webhook: String) throws -> String {
        let box = try AES.GCM.seal(Data(secret.utf8), using: key, authenticating: Data(webhook.utf8))
        guard let combined = box.combined else { throw MartletError(.internal, "A secret could not be encrypted.") }
        return combined.base64EncodedString()
    }

    /// Decrypts a webhook's secret.
    ///
    /// - Throws: `failedPrecondition` when the key is another one than it was.
    func open(_ sealed: String, for webhook: String) throws(MartletError) -> String {
        do {
            guard let data = Data(base64Encoded: sealed) else { throw CryptoKitError.incorrectParameterSize }
            let box = try AES.GCM.SealedBox(combined: data)
            let plain = try AES.GCM.open(box, using: key, authenticating: Data(webhook.utf8))
            return String(decoding: plain, as: UTF8.self)
        } catch {
            throw MartletError(
                .failedPrecondition,
                "The webhook's secret cannot be decrypted: the key is not the one that it was stored with. Set the secret "
                    + "again.",
                cause: error
            )
        }
    }
}
