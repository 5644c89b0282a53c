package import Core
package import Egress

/// Makes one request to a receiver and reads a bounded answer.
package struct WebhookSender: Sendable {
    /// What came of a request.
    package struct Reply: Sendable, Equatable {
        /// The status of the answer.
        package let status: Int
        /// The beginning of its body.
        package let body: String
        /// How long the receiver asks to wait.
        package let retryAfter: Duration?
    }

    let egress: EgressClient
    let clock: Clock

    /// A sender whose requests go through a client.
    package init(egress: EgressClient, clock: Clock = .system) {
        self.egress = egress
        self.clock = clock
    }

    /// Sends a body to a webhook's URL, signed if there is a secret.
    ///
    /// - Throws: `invalidArgument` if the address may not be talked to, `unavailable` or `deadlineExceeded` if no answer
    ///   came.
    package func send(
        url text: String,
        delivery: String,
        body: String,
        secret: String?,
        format: Webhook.Format = .mlflow
    ) async throws -> Reply {
        let url = try WebhookURL.parse(text, policy: egress.policy)
        var request = EgressRequest("The receiver", method: "POST", url: url)
        let headers = WebhookMessage.headers(
            delivery: delivery,
            now: clock.now,
            body: body,
            secret: secret,
            format: format
        )
        for (name, value) in headers {
            request.headers.append((name, value))
        }
        request.body = Array(body.utf8)
        request.timeLimit = .seconds(WebhooksLimits.requestSeconds)
        request.answerLimit = WebhooksLimits.responseBytes
        do {
            let reply = try await egress.fetch(request)
            return Reply(
                status: reply.status,
                body: String(decoding: reply.body, as: UTF8.self),
                retryAfter: reply.header("Retry-After").flatMap { Int64($0) }.map { .seconds(max(0, $0)) }
            )
        } catch {
            throw WebhookGuard.explained(error)
        }
    }
}
