package import Core

/// One event on its way to one webhook.
package struct WebhookDelivery: Sendable, Equatable {
    /// How far it is.
    package enum Status: String, Sendable, CaseIterable {
        /// It waits for its first or next try.
        case pending
        /// The receiver took it.
        case delivered
        /// It was given up.
        case failed
        /// It gave way when too much waited, or its webhook was deleted or disabled.
        case dropped
    }

    /// Its id, the same at every try.
    package let id: String
    /// The webhook's id.
    package let webhook: String
    /// The event, such as `model_version.created`.
    package let event: String
    /// In which form it is sent.
    package let format: Webhook.Format
    /// What is sent.
    package let body: String
    /// How far it is.
    package let status: Status
    /// Tries so far, the one under way among them.
    package let attempts: Int
    /// When it is tried next, if it waits.
    package let nextAttemptTime: Timestamp
    /// When the event happened.
    package let creationTime: Timestamp
    /// When it ended.
    package let endTime: Timestamp?
    /// The status of the last answer.
    package let responseStatus: Int?
    /// Why the last try failed.
    package let error: String?
}
