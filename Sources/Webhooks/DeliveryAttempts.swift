package import Core

/// When a delivery is tried again and when it ends: decided by what came of each try.
package struct DeliveryAttempts: Sendable, Equatable {
    /// What came of a try.
    package enum Event: Sendable, Equatable {
        /// The receiver answered, and perhaps said how long to wait.
        case answered(status: Int, retryAfter: Duration?)
        /// No answer came: the host is not known, the connection failed or time was up.
        case unreachable
        /// The request must not be made: the address is not allowed, or the secret cannot be read.
        case refused
        /// The server is stopping; the try does not count.
        case interrupted
    }

    /// What is to be done.
    package enum Action: Sendable, Equatable {
        /// Nothing more, it arrived.
        case succeed
        /// Try again at a time.
        case retry(at: Timestamp)
        /// Nothing more, it did not arrive.
        case fail
    }

    /// Tries that were made, the one under way among them.
    package private(set) var made: Int

    /// After so many tries.
    package init(made: Int) {
        self.made = made
    }

    /// Decides; `jitter` from 0 to 1 spreads the tries of many deliveries.
    package mutating func handle(_ event: Event, now: Timestamp, jitter: Double) -> Action {
        switch event {
        case .answered(let status, _) where (200..<300).contains(status): return .succeed
        case .answered(let status, let retryAfter) where status == 429 || (500..<600).contains(status):
            return again(after: retryAfter, now: now, jitter: jitter)
        case .answered, .refused: return .fail
        case .unreachable: return again(after: nil, now: now, jitter: jitter)
        case .interrupted:
            made = max(0, made - 1)
            return .retry(at: now)
        }
    }

    private func again(after wish: Duration?, now: Timestamp, jitter: Double) -> Action {
        guard made <= WebhooksLimits.retries else { return .fail }
        let doubled = 1 << max(0, min(made - 1, 16))
        let pause = Duration.seconds(min(doubled, WebhooksLimits.pauseSeconds))
        let wished = min(wish ?? .zero, .seconds(WebhooksLimits.retryAfterSeconds))
        let spread = Duration.milliseconds(Int64(min(max(jitter, 0), 1) * 1000))
        return .retry(at: now + max(pause, wished) + spread)
    }
}
