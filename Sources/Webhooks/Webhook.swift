package import Core

/// Someone who wants to be told: where, and of what.
///
/// Its secret is not in it: that is stored encrypted and leaves the store only to sign.
package struct Webhook: Sendable, Equatable {
    /// Whether it is told.
    package enum Status: String, Sendable, CaseIterable {
        case active = "ACTIVE"
        case disabled = "DISABLED"
    }

    /// In which form it is told.
    package enum Format: String, Sendable, CaseIterable {
        /// MLflow's: entity, action, timestamp, data.
        case mlflow
        /// CloudEvents 1.0 in JSON, structured.
        case cloudEvents = "cloudevents"

        /// What `Content-Type` says.
        package var mediaType: String {
            switch self {
            case .mlflow: "application/json"
            case .cloudEvents: "application/cloudevents+json"
            }
        }
    }

    /// Its id, a UUID.
    package let id: String
    /// For people.
    package let name: String
    /// For people; nil if never given.
    package let description: String?
    /// Where it is told.
    package let url: String
    /// What it is told of, in the order given.
    package let events: [WebhookEvent]
    /// Whether it is told.
    package let status: Status
    /// In which form.
    package let format: Format
    /// Whether what it is sent is signed.
    package let isSigned: Bool
    /// When it was created.
    package let creationTime: Timestamp
    /// When it was last changed; every change is later than the one before.
    package let lastUpdateTime: Timestamp
}

extension Webhook {
    /// The webhook as the audit log shows it; its secret never is.
    var noted: JSONValue {
        [
            "name": .string(name), "url": .string(url), "status": .string(status.rawValue), "signed": .bool(isSigned),
            "format": .string(format.rawValue),
            "events": .array(events.map { .string($0.name) }),
        ]
    }
}

/// What a caller wants a webhook to be; nil is left as it is.
package struct WebhookChange: Sendable {
    /// Its name.
    package var name: String?
    /// Its description.
    package var description: String?
    /// Where it is told.
    package var url: String?
    /// What it is told of.
    package var events: [WebhookEvent]?
    /// The secret that signs; the empty one ends signing.
    package var secret: String?
    /// Whether it is told.
    package var status: Webhook.Status?

    /// No change.
    package init() {}
}
