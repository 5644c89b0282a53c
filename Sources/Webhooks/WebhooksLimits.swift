/// Maxima of webhooks; tested at the limit and one past it.
package enum WebhooksLimits {
    /// Characters of a webhook's name.
    package static let nameCharacters = 63
    /// Characters of a webhook's URL.
    package static let urlCharacters = 2048
    /// Characters of a description.
    package static let descriptionCharacters = 1000
    /// Bytes of a secret.
    package static let secretBytes = 1024
    /// Webhooks that are not deleted.
    package static let webhooks = 1000
    /// Webhooks on one page.
    package static let pageSize = 1000
    /// Webhooks on one page when nothing is asked for.
    package static let defaultPageSize = 100
    /// Deliveries on one page.
    package static let deliveriesPageSize = 1000
    /// Deliveries that wait; past it the oldest of the webhook gives way.
    package static let pendingDeliveries = 10_000
    /// Ended deliveries that are kept of each webhook.
    package static let keptDeliveries = 500
    /// Bytes of a request that creates a webhook.
    package static let requestBytes = 64 * 1024
    /// Bytes of what is sent.
    package static let bodyBytes = 1024 * 1024
    /// Bytes of an answer that are read.
    package static let responseBytes = 8 * 1024
    /// Requests under way at once.
    package static let concurrentRequests = 8
    /// Seconds that one request may take, from the connection to the end of the answer.
    package static let requestSeconds = 15
    /// Seconds after which a delivery whose sender vanished is taken up again; longer than a request may take.
    package static let claimSeconds = 25
    /// Times that a delivery is tried again.
    package static let retries = 3
    /// Longest pause before a try, in seconds, unless the receiver asks for a longer one.
    package static let pauseSeconds = 60
    /// Longest pause that a receiver may ask for, in seconds.
    package static let retryAfterSeconds = 3600
}
