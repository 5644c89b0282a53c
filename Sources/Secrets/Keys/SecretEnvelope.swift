package import Core
import Crypto
import Foundation

/// An encrypted value: `v1.<key id>.<base64 of nonce, text and tag>` (AES-256-GCM).
package enum SecretEnvelope {
    private static let version = "v1"

    /// Encrypts a value for one place; in another it cannot be opened.
    package static func seal(_ value: String, with key: SecretKey, for place: String) throws(MartletError) -> String {
        do {
            let symmetric = SymmetricKey(data: key.bytes)
            let box = try AES.GCM.seal(Data(value.utf8), using: symmetric, authenticating: Data(place.utf8))
            guard let combined = box.combined else { throw CryptoKitError.incorrectParameterSize }
            return "\(version).\(key.id).\(combined.base64EncodedString())"
        } catch {
            throw MartletError(.internal, "A secret could not be encrypted.", cause: error)
        }
    }

    /// The id of the key of an encrypted value; nil for a text that is none.
    package static func keyID(of text: String) -> String? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 3 && parts[0] == version ? String(parts[1]) : nil
    }

    /// Decrypts a value.
    ///
    /// - Throws: `dataLoss` when it was changed or moved to another place.
    package static func open(_ text: String, with key: SecretKey, for place: String) throws(MartletError) -> String {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        do {
            guard parts.count == 3, let data = Data(base64Encoded: String(parts[2])) else {
                throw CryptoKitError.incorrectParameterSize
            }
            let box = try AES.GCM.SealedBox(combined: data)
            let symmetric = SymmetricKey(data: key.bytes)
            let plain = try AES.GCM.open(box, using: symmetric, authenticating: Data(place.utf8))
            return String(decoding: plain, as: UTF8.self)
        } catch {
            throw MartletError(
                .dataLoss,
                "A secret was changed in the database, or moved to another name or workspace; set it again.",
                cause: error
            )
        }
    }
}
