import Core
import Logging
import Storage
import TestSupport
import Testing
import Webhooks

/// The queue: what is written down, taken up, tried again and given up.
@Suite struct DeliveryQueueTests {
    private let fixture: WebhookFixture
    private var store: WebhookStore { fixture.store }

    init() async throws {
        fixture = try await WebhookFixture()
    }

    @Test func oneForEachThatWantsIt() async throws {
        let first = try await fixture.webhook("a")
        let second = try await fixture.webhook("b")
        let third = try await store.create(
            name: "c",
            url: "https://example.com",
            events: [WebhookFixture.event(.prompt)]
        )
        var change = WebhookChange()
        change.status = .disabled
        let disabled = try await store.update(try await fixture.webhook("d").id, change)
        try await fixture.happen(["name": "m"])
        for webhook in [first, second] {
            let deliveries = try await fixture.deliveries(webhook)
            #expect(deliveries.count == 1)
            #expect(deliveries.first?.status == .pending)
            #expect(deliveries.first?.event == "model_version.created")
            #expect(deliveries.first?.body.contains(#""data":{"name":"m"}"#) == true)
        }
        #expect(try await fixture.deliveries(third).isEmpty)
        #expect(try await fixture.deliveries(disabled).isEmpty)
    }

    @Test func aChangeThatFailsTellsNobody() async throws {
        let webhook = try await fixture.webhook()
        let (store, event) = (store, try WebhookFixture.event())
        _ = await failure {
            try await fixture.database.write { connection in
                try store.record(connection, event) { ["name": "m"] }
                throw MartletError(.invalidArgument, "no")
            }
        }
        #expect(try await fixture.deliveries(webhook).isEmpty)
    }

    @Test func whatIsTooLargeIsLoggedAndNotSent() async throws {
        let webhook = try await fixture.webhook()
        let overhead = WebhookMessage.body(
            try WebhookFixture.event(),
            data: ["name": ""],
            now: fixture.clock.now
        ).utf8.count
        let room = WebhooksLimits.bodyBytes - overhead
        try await fixture.happen(["name": .string(String(repeating: "x", count: room))])
        try await fixture.happen(["name": .string(String(repeating: "x", count: room + 1))])
        let deliveries = try await fixture.deliveries(webhook)
        #expect(deliveries.map(\.status) == [.failed, .pending])
        #expect(deliveries.first?.error?.contains("\(WebhooksLimits.bodyBytes) bytes") == true)
        #expect(deliveries.first?.body.isEmpty == true)
    }

    @Test func theOldestGivesWayWhenTooMuchWaits() async throws {
        let webhook = try await fixture.webhook()
        let now = fixture.clock.now.milliseconds
        try await fixture.database.write { connection in
            for number in 1...WebhooksLimits.pendingDeliveries {
                try connection.execute(
                    """
                    INSERT INTO webhook_deliveries (delivery_number, delivery_id, webhook_id, event, body, status,
                        attempts, next_attempt_time, creation_time) VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)
                    """,
                    [
                        .int(number), .text("d\(number)"), .text(webhook.id), "e", "{}", "pending", .integer(now),
                        .integer(now),
                    ]
                )
            }
        }
        try await fixture.happen()
        let counts = try await fixture.database.read { connection in
            try connection.query(
                "SELECT status, COUNT(*) AS found FROM webhook_deliveries GROUP BY status ORDER BY status"
            ).map { "\(try $0.text("status")) \(try $0.int("found"))" }
        }
        #expect(counts == ["dropped 1", "pending \(WebhooksLimits.pendingDeliveries)"])
    }

    @Test func deliveriesPage() async throws {
        let webhook = try await fixture.webhook()
        for _ in 1...5 { try await fixture.happen() }
        var found = 0
        var token: String?
        repeat {
            let page = try await store.deliveries(of: webhook.id, limit: 2, after: token)
            found += page.deliveries.count
            token = page.nextToken
        } while token != nil
        #expect(found == 5)
        #expect(await code { _ = try await store.deliveries(of: "none", limit: 2) } == .notFound)
    }
}
