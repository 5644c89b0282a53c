package import Core
import Crypto
import Foundation

/// The call of a webhook as it came: who it is from is decided by what it shows.
package struct WebhookDelivery: Sendable, Equatable {
    /// `webhook-id`, or what other systems name a delivery by.
    package var id: String?
    /// `webhook-timestamp`: seconds since 1970.
    package var timestamp: String?
    /// `webhook-signature`: `v1,` and base64, several separated by blanks.
    package var signature: String?
    /// `X-Hub-Signature-256`: `sha256=` and hexadecimal digits.
    package var hubSignature: String?
    /// `Authorization: Bearer`, `X-Martlet-Token` or `X-Gitlab-Token`.
    package var token: String?
    /// The body.
    package var body: [UInt8]

    /// A call with that body, which shows nothing yet.
    package init(body: [UInt8]) {
        self.body = body
    }

    /// What is wrong with a call; it does not say what would have been right.
    private static func refusal(_ message: String) -> MartletError {
        MartletError(.unauthenticated, message)
    }

    /// Checks what the call shows; how long that takes says nothing about the secret.
    ///
    /// - Parameters:
    ///   - scheme: What is compared.
    ///   - secret: The secret; one that begins with `whsec_` is base64, as Standard Webhooks has it.
    ///   - now: The time.
    /// - Throws: `unauthenticated`.
    package func verify(_ scheme: WebhookRule.Scheme, secret: String, now: Timestamp) throws(MartletError) {
        switch scheme {
        case .token: try verifyToken(secret)
        case .github:
            let digits = hubSignature.map { $0.hasPrefix("sha256=") ? $0.dropFirst(7) : "" } ?? ""
            guard let code = Self.bytes(hexadecimal: digits), Self.isCode(code, of: body, key: Data(secret.utf8)) else {
                throw Self.refusal("The header 'X-Hub-Signature-256' is not HMAC-SHA256 of the body under the secret.")
            }
        case .signature: try verifySignature(secret, now: now)
        }
    }

    private func verifyToken(_ secret: String) throws(MartletError) {
        // Codes under a key of the moment: comparing them takes as long for every wrong token.
        let key = SymmetricKey(size: .bits256)
        let code = HMAC<SHA256>.authenticationCode(for: Data(secret.utf8), using: key)
        guard let token, !secret.isEmpty,
            HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Data(token.utf8), using: key)
        else {
            throw Self.refusal("The call needs the webhook's token, as 'Authorization: Bearer …' or 'X-Martlet-Token'.")
        }
    }

    private func verifySignature(_ secret: String, now: Timestamp) throws(MartletError) {
        guard let id, let timestamp, let seconds = Int64(timestamp), (0...253_402_300_799).contains(seconds) else {
            throw Self.refusal("The call needs the headers 'webhook-id', 'webhook-timestamp' and 'webhook-signature'.")
        }
        var key = Data(secret.utf8)
        if secret.hasPrefix("whsec_"), let decoded = Data(base64Encoded: String(secret.dropFirst(6))) { key = decoded }
        let signed = Array("\(id).\(timestamp).".utf8) + body
        var isSigned = false
        for part in (signature ?? "").split(separator: " ").prefix(TriggerLimits.signatures) where part.hasPrefix("v1,")
        {
            guard let code = Data(base64Encoded: String(part.dropFirst(3))) else { continue }
            if Self.isCode(Array(code), of: signed, key: key) { isSigned = true }
        }
        guard isSigned else {
            throw Self.refusal(
                "The header 'webhook-signature' must be 'v1,' and base64 of HMAC-SHA256 over '<id>.<timestamp>.<body>' "
                    + "under the webhook's secret."
            )
        }
        let distance = Timestamp(milliseconds: seconds * 1000) - now
        guard abs(distance.inSeconds) <= TriggerLimits.signatureWindow.inSeconds else {
            throw Self.refusal(
                "The call was signed more than \(TriggerLimits.signatureWindow.components.seconds) s ago, or in the future."
            )
        }
    }

    /// Compares in a time that does not depend on where a difference is.
    private static func isCode(_ code: [UInt8], of message: [UInt8], key: Data) -> Bool {
        guard !key.isEmpty else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: message, using: SymmetricKey(data: key))
    }

    private static func bytes(hexadecimal text: Substring) -> [UInt8]? {
        let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == 64, !digits.contains(nil) else { return nil }
        let values = digits.compactMap(\.self)
        return stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] * 16 + values[$0 + 1]) }
    }

    /// The body for templates and firings: an object as it is, other JSON as `value`, other text as `text`.
    var data: JSONObject {
        guard !body.isEmpty else { return [:] }
        if let json = try? JSONValue.parse(body) { return json.objectValue ?? ["value": json] }
        return ["text": .string(String(decoding: body, as: UTF8.self))]
    }
}
