package import Core
package import Logging
import Synchronization

/// Delivers what waits, some at a time, and tests webhooks on demand.
package final class WebhookService: Sendable {
    private let store: WebhookStore
    private let sender: WebhookSender
    private let clock: Clock
    private let logger: Logger
    private let wakeUps = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    private let underWay = Mutex(0)

    /// Makes the service; `run` delivers.
    package init(store: WebhookStore, sender: WebhookSender, clock: Clock = .system, logger: Logger) {
        self.store = store
        self.sender = sender
        self.clock = clock
        self.logger = logger
    }

    /// Says that something new waits, so that it does not wait for the next look.
    package func nudge() {
        wakeUps.continuation.yield()
    }

    /// Delivers until the task is cancelled; one at a time may call it.
    package func run() async {
        nudge()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.lookEverySecond() }
            for await _ in wakeUps.stream {
                for delivery in await claim() {
                    group.addTask {
                        await self.deliver(delivery)
                        self.underWay.withLock { $0 -= 1 }
                        self.nudge()
                    }
                }
            }
            group.cancelAll()
        }
    }

    /// Tries again when its time has come, and takes up what another server left.
    private func lookEverySecond() async {
        while !Task.isCancelled {
            do {
                try await clock.sleep(for: .seconds(1))
                if try await store.hasDue() { nudge() }
            } catch is CancellationError {
                return
            } catch {
                logger.warning("Waiting webhook deliveries cannot be read.", metadata: ["error": "\(error)"])
            }
        }
    }

    private func claim() async -> [WebhookDelivery] {
        let free = underWay.withLock { WebhooksLimits.concurrentRequests - $0 }
        guard free > 0 else { return [] }
        do {
            guard try await store.hasDue() else { return [] }
            let claimed = try await store.claim(limit: free)
            underWay.withLock { $0 += claimed.count }
            return claimed
        } catch {
            logger.warning("Waiting webhook deliveries cannot be taken up.", metadata: ["error": "\(error)"])
            return []
        }
    }

    private func deliver(_ delivery: WebhookDelivery) async {
        var attempts = DeliveryAttempts(made: delivery.attempts)
        var reply: WebhookSender.Reply?
        var message: String?
        do {
            guard let (webhook, secret) = try await receiver(of: delivery) else { return }
            let event: DeliveryAttempts.Event
            do {
                let answer = try await sender.send(
                    url: webhook.url,
                    delivery: delivery.id,
                    body: delivery.body,
                    secret: try secret.get(),
                    format: delivery.format
                )
                reply = answer
                event = .answered(status: answer.status, retryAfter: answer.retryAfter)
                if !(200..<300).contains(answer.status) { message = "The receiver answered \(answer.status)." }
            } catch {
                (event, message) = Self.judged(error)
            }
            let action = attempts.handle(event, now: clock.now, jitter: Double.random(in: 0...1))
            try await store.settle(
                delivery,
                action,
                attempts: attempts.made,
                responseStatus: reply?.status,
                error: message
            )
            guard action == .fail else { return }
            logger.warning(
                "A webhook was not told of an event.",
                metadata: [
                    "webhook": "\(delivery.webhook)", "event": "\(delivery.event)", "delivery": "\(delivery.id)",
                    "reason": "\(message ?? "")",
                ]
            )
        } catch {
            // The delivery is taken up again when its claim has run out.
            logger.warning("A webhook delivery cannot be recorded.", metadata: ["error": "\(error)"])
        }
    }

    /// The webhook that a delivery goes to and what signs it; nil, and the delivery ended, if it wants none any more.
    private func receiver(
        of delivery: WebhookDelivery
    ) async throws -> (webhook: Webhook, secret: Result<String?, any Error>)? {
        do {
            let webhook = try await store.webhook(delivery.webhook)
            guard webhook.status == .active else {
                try await store.drop(delivery, because: "The webhook was disabled.")
                return nil
            }
            do {
                return (webhook, .success(try await store.secret(of: webhook.id)))
            } catch {
                return (webhook, .failure(error))
            }
        } catch let error as MartletError where error.code == .notFound {
            try await store.drop(delivery, because: "The webhook was deleted.")
            return nil
        }
    }

    private static func judged(_ error: any Error) -> (DeliveryAttempts.Event, String?) {
        switch error {
        case is CancellationError: return (.interrupted, "The server was stopping.")
        case let error as MartletError where error.code == .unavailable || error.code == .deadlineExceeded:
            return (.unreachable, error.message)
        case let error as MartletError: return (.refused, error.message)
        default: return (.refused, "The request could not be made.")
        }
    }

    /// What a test call found.
    package struct TestResult: Sendable, Equatable {
        /// Whether the receiver took it.
        package let isSuccess: Bool
        /// The status of its answer, if one came.
        package let responseStatus: Int?
        /// The beginning of its answer.
        package let responseBody: String?
        /// Why no answer came.
        package let error: String?
    }

    /// Sends a webhook an example of an event, by default of the first that it wants; once, and not through the queue.
    ///
    /// - Throws: `notFound` for the webhook.
    package func test(_ id: String, event: WebhookEvent? = nil) async throws -> TestResult {
        let webhook = try await store.webhook(id)
        guard let event = event ?? webhook.events.first else {
            throw MartletError(.failedPrecondition, "The webhook wants no events.")
        }
        do {
            let reply = try await sender.send(
                url: webhook.url,
                delivery: WebhookMessage.uuid(),
                body: store.body(event, WebhookExamples.data(event), in: webhook.format, now: clock.now),
                secret: try await store.secret(of: id),
                format: webhook.format
            )
            return TestResult(
                isSuccess: (200..<300).contains(reply.status),
                responseStatus: reply.status,
                responseBody: reply.body,
                error: nil
            )
        } catch let error as MartletError {
            return TestResult(
                isSuccess: false,
                responseStatus: nil,
                responseBody: nil,
                error: "Failed to test webhook: \(error.message)"
            )
        }
    }
}
