package import Core

/// A call of a trigger's webhook as it came: who it claims to be from is decided by its signature.
///
/// The signature is `v1,` and base64 of HMAC-SHA256 over `<id>.<timestamp>.<body>`, as the Standard Webhooks specification and
/// MLflow have it; several may stand in one header, separated by spaces, while a secret is being replaced.
package struct WebhookCall: Sendable, Equatable {
    /// Names the delivery: the same id counts once.
    package let id: String
    /// When it was signed.
    package let signedAt: Timestamp
    /// The signatures, decoded.
    package let signatures: [[UInt8]]
    /// The body.
    package let body: [UInt8]

    /// Takes a call apart.
    ///
    /// - Parameters:
    ///   - id: The header with the delivery's id.
    ///   - timestamp: The header with the seconds since 1970.
    ///   - signature: The header with the signatures.
    ///   - body: The body.
    /// - Throws: `invalidArgument` naming what is missing or malformed.
    package init(id: String?, timestamp: String?, signature: String?, body: [UInt8]) throws(MartletError) {
        guard let id, !id.isEmpty, id.utf8.count <= LoopLimits.maximumDeliveryBytes else {
            throw MartletError(
                .invalidArgument,
                "The header 'webhook-id' must name the delivery in 1 to \(LoopLimits.maximumDeliveryBytes) bytes."
            )
        }
        guard let timestamp, let seconds = Int64(timestamp), (0...253_402_300_799).contains(seconds) else {
            throw MartletError(.invalidArgument, "The header 'webhook-timestamp' must be seconds since 1970.")
        }
        let signatures = (signature ?? "").split(separator: " ").prefix(8).compactMap { part -> [UInt8]? in
            guard part.hasPrefix("v1,") else { return nil }
            return Base64.decode(part.dropFirst(3))
        }
        guard !signatures.isEmpty else {
            throw MartletError(
                .invalidArgument,
                "The header 'webhook-signature' must be 'v1,' and base64 of HMAC-SHA256 over '<id>.<timestamp>.<body>'."
            )
        }
        self.id = id
        signedAt = Timestamp(milliseconds: seconds * 1000)
        self.signatures = signatures
        self.body = body
    }

    /// What was signed.
    package var signedBytes: [UInt8] {
        Array("\(id).\(signedAt.milliseconds / 1000).".utf8) + body
    }

    /// Whether one of the signatures is that code; how long the answer takes says nothing about the code.
    package func isSigned(with code: [UInt8]) -> Bool {
        var found = false
        for signature in signatures where signature.count == code.count {
            let difference = zip(signature, code).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
            if difference == 0 { found = true }
        }
        return found
    }

    /// The body for a timeline: as JSON if it is some, else its size.
    var evidence: JSONObject {
        var evidence: JSONObject = ["delivery": .string(id), "signed_at": .integer(signedAt.milliseconds)]
        guard !body.isEmpty else { return evidence }
        if body.count <= LoopLimits.maximumKeptBodyBytes, let payload = try? JSONValue.parse(body) {
            evidence["payload"] = payload
        } else {
            evidence["payload_bytes"] = .int(body.count)
        }
        return evidence
    }
}
