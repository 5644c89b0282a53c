import Core
import TestSupport
import Testing
import Webhooks

/// Every limit of what callers say: what is at it passes, what is one past it does not.
@Suite struct WebhooksLimitsTests {
    private let fixture: WebhookFixture
    private var store: WebhookStore { fixture.store }

    init() async throws {
        fixture = try await WebhookFixture()
    }

    private func check(
        _ limit: Int,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ work: (Int) async throws -> Void
    ) async {
        #expect(await failure { try await work(limit) }?.message == nil, sourceLocation: sourceLocation)
        #expect(await code { try await work(limit + 1) } == .invalidArgument, sourceLocation: sourceLocation)
    }

    private func text(_ count: Int) -> String {
        String(repeating: "x", count: count)
    }

    @Test func texts() async throws {
        let webhook = try await fixture.webhook()
        await check(WebhooksLimits.nameCharacters) { try await fixture.webhook(text($0)) }
        await check(WebhooksLimits.urlCharacters) { count in
            let start = "https://example.com/"
            try await fixture.webhook(url: start + text(count - start.count))
        }
        await check(WebhooksLimits.secretBytes) { try await fixture.webhook(secret: text($0)) }
        await check(WebhooksLimits.descriptionCharacters) { count in
            var change = WebhookChange()
            change.description = text(count)
            _ = try await store.update(webhook.id, change)
        }
    }

    @Test func pages() async throws {
        await check(WebhooksLimits.pageSize) { _ = try await store.webhooks(limit: $0) }
        #expect(await code { _ = try await store.webhooks(limit: 0) } == .invalidArgument)
        #expect(WebhooksLimits.defaultPageSize <= WebhooksLimits.pageSize)
        let webhook = try await fixture.webhook()
        for _ in 0...WebhooksLimits.deliveriesPageSize { try await fixture.happen() }
        let page = try await store.deliveries(of: webhook.id, limit: WebhooksLimits.deliveriesPageSize + 1)
        #expect(page.deliveries.count == WebhooksLimits.deliveriesPageSize)
        #expect(page.nextToken != nil)
    }

    @Test func howManyWebhooksThereMayBe() async throws {
        for number in 1..<WebhooksLimits.webhooks { try await fixture.webhook("h\(number)") }
        let last = try await fixture.webhook("last")
        #expect(await code { try await fixture.webhook("more") } == .resourceExhausted)
        try await store.delete(last.id)
        try await fixture.webhook("more")
    }
}
