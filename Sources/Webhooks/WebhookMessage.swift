package import Core
import Crypto
import Foundation

/// What a receiver gets: the body of an event, and the headers that identify, date and sign it.
package enum WebhookMessage {
    /// The body: entity, action, time and data.
    package static func body(_ event: WebhookEvent, data: JSONObject, now: Timestamp) -> String {
        // Python's form of UTC, which receivers written for MLflow parse.
        let time = now.iso8601.dropLast() + "+00:00"
        let object: JSONValue = [
            "entity": .string(event.entity.rawValue), "action": .string(event.action.rawValue),
            "timestamp": .string(String(time)), "data": .object(data),
        ]
        return String(decoding: object.serialized(), as: UTF8.self)
    }

    /// The headers of one try; a receiver tells repeated deliveries by the id and refuses old ones by the time.
    package static func headers(
        delivery: String,
        now: Timestamp,
        body: String,
        secret: String?,
        format: Webhook.Format = .mlflow
    ) -> [(name: String, value: String)] {
        let time = String(now.milliseconds / 1000)
        var headers = [
            (name: "Content-Type", value: format.mediaType), (name: "X-MLflow-Delivery-Id", value: delivery),
            (name: "X-MLflow-Timestamp", value: time),
        ]
        if let secret, !secret.isEmpty {
            let signature = signature(secret: secret, delivery: delivery, timestamp: time, body: body)
            headers.append((name: "X-MLflow-Signature", value: signature))
        }
        return headers
    }

    /// `v1,` and the base64 of HMAC-SHA256 over id, time and body joined by dots.
    package static func signature(secret: String, delivery: String, timestamp: String, body: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Data("\(delivery).\(timestamp).\(body)".utf8),
            using: SymmetricKey(data: Data(secret.utf8))
        )
        return "v1," + Data(code).base64EncodedString()
    }

    /// A random UUID (version 4), the form of ids that MLflow's receivers expect.
    static func uuid() -> String {
        var digits = Array(Identifier.random())
        digits[12] = "4"
        digits[16] = Array("89ab")[(digits[16].hexDigitValue ?? 0) & 3]
        var text = String(digits)
        for offset in [20, 16, 12, 8] { text.insert("-", at: text.index(text.startIndex, offsetBy: offset)) }
        return text
    }
}
