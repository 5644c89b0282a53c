import Core
import Testing
import Webhooks

/// When a delivery is tried again.
@Suite struct DeliveryAttemptsTests {
    private let now = Timestamp(milliseconds: 1_000_000)

    private func action(
        _ event: DeliveryAttempts.Event,
        made: Int = 1,
        jitter: Double = 0
    ) -> DeliveryAttempts.Action {
        var attempts = DeliveryAttempts(made: made)
        return attempts.handle(event, now: now, jitter: jitter)
    }

    @Test(arguments: [200, 201, 204, 299])
    func taken(_ status: Int) {
        #expect(action(.answered(status: status, retryAfter: nil)) == .succeed)
    }

    @Test(arguments: [301, 302, 307, 400, 401, 403, 404, 409, 410, 422, 101])
    func notWanted(_ status: Int) {
        #expect(action(.answered(status: status, retryAfter: nil)) == .fail)
    }

    @Test(arguments: [429, 500, 502, 503, 504, 599])
    func triedAgain(_ status: Int) {
        let event = DeliveryAttempts.Event.answered(status: status, retryAfter: nil)
        #expect(action(event, made: 1) == .retry(at: now + .seconds(1)))
        #expect(action(event, made: 2) == .retry(at: now + .seconds(2)))
        #expect(action(event, made: 3) == .retry(at: now + .seconds(4)))
        #expect(action(event, made: WebhooksLimits.retries) != .fail)
        #expect(action(event, made: WebhooksLimits.retries + 1) == .fail)
        #expect(action(event, made: 1, jitter: 0.5) == .retry(at: now + .milliseconds(1500)))
        #expect(action(event, made: 1, jitter: 7) == .retry(at: now + .seconds(2)))
    }

    @Test func pausesAreBounded() {
        func pause(_ seconds: Int) -> DeliveryAttempts.Action {
            action(.answered(status: 429, retryAfter: .seconds(seconds)))
        }
        #expect(pause(0) == .retry(at: now + .seconds(1)))
        #expect(pause(30) == .retry(at: now + .seconds(30)))
        #expect(pause(WebhooksLimits.retryAfterSeconds) == .retry(at: now + .seconds(WebhooksLimits.retryAfterSeconds)))
        #expect(pause(WebhooksLimits.retryAfterSeconds + 1) == pause(WebhooksLimits.retryAfterSeconds))
        // Without a wish the pause doubles up to its own limit; three retries do not get there.
        #expect(1 << (WebhooksLimits.retries - 1) <= WebhooksLimits.pauseSeconds)
        #expect(WebhooksLimits.claimSeconds > WebhooksLimits.requestSeconds)
    }

    @Test func noAnswer() {
        #expect(action(.unreachable) == .retry(at: now + .seconds(1)))
        #expect(action(.unreachable, made: WebhooksLimits.retries + 1) == .fail)
        #expect(action(.refused) == .fail)
    }

    @Test func anInterruptedTryDoesNotCount() {
        var attempts = DeliveryAttempts(made: 3)
        #expect(attempts.handle(.interrupted, now: now, jitter: 0) == .retry(at: now))
        #expect(attempts.made == 2)
    }
}
