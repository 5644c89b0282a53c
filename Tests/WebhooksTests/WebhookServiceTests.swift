import Core
import Egress
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Storage
import Synchronization
import TestSupport
import Testing
import Webhooks

/// Delivery over real sockets to a receiver on loopback.
@Suite struct WebhookServiceTests {
    /// What the receiver got, and what it answers.
    private final class Receiver: Sendable {
        private let calls = Mutex<[(headers: HTTPFields, body: String)]>([])
        private let answers = Mutex<[(status: Int, body: String)]>([])

        var bodies: [String] { calls.withLock { $0.map(\.body) } }
        var headers: [HTTPFields] { calls.withLock { $0.map(\.headers) } }

        func willAnswer(_ status: Int, _ body: String = "") {
            answers.withLock { $0.append((status, body)) }
        }

        func take(_ request: Request) async throws -> Response {
            let body = try await request.body.collect(upTo: 1 << 20)
            calls.withLock { $0.append((request.headers, String(buffer: body))) }
            let answer = answers.withLock { $0.isEmpty ? (200, "ok") : $0.removeFirst() }
            return Response(
                status: .init(code: answer.0),
                headers: [.location: "/elsewhere"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: answer.1))
            )
        }
    }

    private let fixture: WebhookFixture
    private let policy = EgressPolicy(schemes: ["http"], inner: .allowed)

    init() async throws {
        fixture = try await WebhookFixture(policy: policy)
        fixture.hosts.set("127.0.0.1", [[127, 0, 0, 1]])
        fixture.hosts.set("receiver.example", [[127, 0, 0, 1]])
    }

    private func withReceiver(
        _ work: @Sendable (Receiver, Int, WebhookService) async throws -> Void
    ) async throws {
        let receiver = Receiver()
        let router = Router()
        router.post("/hook") { request, _ in try await receiver.take(request) }
        let sender = WebhookSender(
            egress: EgressClient(policy: policy, resolver: fixture.hosts.resolver),
            clock: fixture.clock.clock
        )
        let service = WebhookService(
            store: fixture.store,
            sender: sender,
            clock: fixture.clock.clock,
            logger: Logger(label: "test")
        )
        let application = Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)))
        try await application.test(.live) { client in
            try await work(receiver, try #require(client.port), service)
        }
    }

    /// Runs the service until `done`, moving the time on so that tries that wait come due.
    private func run(_ service: WebhookService, until done: @escaping @Sendable () async throws -> Bool) async throws {
        let clock = fixture.clock
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await service.run() }
            for _ in 0..<400 where try await !done() {
                try await Task.sleep(for: .milliseconds(25))
                clock.advance(by: .milliseconds(250))
            }
            group.cancelAll()
        }
    }

    @Test func aDeliveryIsSignedAndRecorded() async throws {
        try await withReceiver { receiver, port, service in
            let webhook = try await fixture.webhook(url: "http://127.0.0.1:\(port)/hook", secret: "s")
            try await fixture.happen(["name": "é"])
            try await run(service) { try await fixture.deliveries(webhook).first?.status == .delivered }
            #expect(receiver.bodies.count == 1)
            let delivery = try #require(try await fixture.deliveries(webhook).first)
            #expect(delivery.attempts == 1)
            #expect(delivery.responseStatus == 200)
            #expect(delivery.endTime != nil)
            let headers = try #require(receiver.headers.first)
            let id = try headers[#require(HTTPField.Name("X-MLflow-Delivery-Id"))]
            let time = try headers[#require(HTTPField.Name("X-MLflow-Timestamp"))]
            let signature = try headers[#require(HTTPField.Name("X-MLflow-Signature"))]
            #expect(id == delivery.id)
            let expected = WebhookMessage.signature(
                secret: "s",
                delivery: delivery.id,
                timestamp: try #require(time),
                body: receiver.bodies[0]
            )
            #expect(signature == expected)
        }
    }

    @Test func aReceiverThatRecoversIsToldOnce() async throws {
        try await withReceiver { receiver, port, service in
            let webhook = try await fixture.webhook(url: "http://receiver.example:\(port)/hook")
            receiver.willAnswer(503)
            receiver.willAnswer(429)
            try await fixture.happen()
            try await run(service) { try await fixture.deliveries(webhook).first?.status == .delivered }
            #expect(receiver.bodies.count == 3)
            #expect(Set(receiver.bodies).count == 1)
            #expect(try await fixture.deliveries(webhook).first?.attempts == 3)
        }
    }

    @Test func aReceiverThatDoesNotRecoverIsGivenUp() async throws {
        try await withReceiver { receiver, port, service in
            let webhook = try await fixture.webhook(url: "http://127.0.0.1:\(port)/hook")
            for _ in 0...WebhooksLimits.retries { receiver.willAnswer(500) }
            try await fixture.happen()
            try await run(service) { try await fixture.deliveries(webhook).first?.status == .failed }
            let delivery = try #require(try await fixture.deliveries(webhook).first)
            #expect(receiver.bodies.count == WebhooksLimits.retries + 1)
            #expect(delivery.error == "The receiver answered 500.")
        }
    }

    @Test func manyAreDeliveredAndOldOnesForgotten() async throws {
        try await withReceiver { receiver, port, service in
            let webhook = try await fixture.webhook(url: "http://127.0.0.1:\(port)/hook")
            let count = WebhooksLimits.keptDeliveries + WebhooksLimits.concurrentRequests
            for number in 0..<count { try await fixture.happen(["name": .string("\(number)")]) }
            try await run(service) {
                let waiting = try await fixture.deliveries(webhook).contains { $0.status == .pending }
                return receiver.bodies.count >= count && !waiting
            }
            #expect(Set(receiver.bodies).count == count)
            #expect(try await fixture.deliveries(webhook).count == WebhooksLimits.keptDeliveries)
        }
    }

    @Test func whatNobodyWantsAnyMoreIsDropped() async throws {
        try await withReceiver { receiver, port, service in
            let webhook = try await fixture.webhook(url: "http://127.0.0.1:\(port)/hook")
            try await fixture.happen()
            var change = WebhookChange()
            change.status = .disabled
            _ = try await fixture.store.update(webhook.id, change)
            try await run(service) { try await fixture.deliveries(webhook).first?.status == .dropped }
            #expect(receiver.bodies.isEmpty)
        }
    }

    @Test func aTestCallAnswersWithABoundedBody() async throws {
        try await withReceiver { receiver, port, service in
            let webhook = try await fixture.webhook(url: "http://127.0.0.1:\(port)/hook")
            receiver.willAnswer(200, String(repeating: "x", count: WebhooksLimits.responseBytes))
            receiver.willAnswer(404, String(repeating: "x", count: WebhooksLimits.responseBytes + 1))
            receiver.willAnswer(302)
            let whole = try await service.test(webhook.id)
            #expect(whole.isSuccess)
            #expect(whole.responseBody?.utf8.count == WebhooksLimits.responseBytes)
            let cut = try await service.test(webhook.id, event: WebhookEvent(.promptAlias, .deleted))
            #expect(!cut.isSuccess)
            #expect(cut.responseStatus == 404)
            #expect(cut.responseBody?.utf8.count == WebhooksLimits.responseBytes)
            #expect(receiver.bodies[1].contains(#""data":{"name":"example_prompt","alias":"example_alias"}"#))
            let moved = try await service.test(webhook.id)
            #expect(moved.responseStatus == 302)
            #expect(!moved.isSuccess)
            #expect(receiver.bodies.count == 3)
        }
    }

    @Test func theCheckedAddressIsTheOneConnectedTo() async throws {
        try await withReceiver { receiver, port, service in
            let webhook = try await fixture.webhook(url: "http://receiver.example:\(port)/hook")
            // The name means nothing to the system's resolver: only the checked address can have been used.
            #expect(try await service.test(webhook.id).isSuccess)
            #expect(receiver.bodies.count == 1)
            // Nobody listens on the second address of loopback; so many are tried and no more.
            let silent: [[UInt8]] = Array(repeating: [127, 0, 0, 2], count: EgressLimits.addresses - 1)
            fixture.hosts.set("receiver.example", silent + [[127, 0, 0, 1]])
            #expect(try await service.test(webhook.id).isSuccess)
            fixture.hosts.set("receiver.example", silent + [[127, 0, 0, 2], [127, 0, 0, 1]])
            let result = try await service.test(webhook.id)
            #expect(!result.isSuccess)
            #expect(result.error?.contains("cannot be connected to") == true)
        }
    }

    @Test func aHostThatMovedIntoThePrivateNetworkIsNotCalled() async throws {
        let strict = try await WebhookFixture(policy: EgressPolicy(schemes: ["http"]))
        let webhook = try await strict.webhook(url: "http://example.com/")
        strict.hosts.set("example.com", [[93, 184, 215, 14], [127, 0, 0, 1]])
        let service = WebhookService(
            store: strict.store,
            sender: WebhookSender(
                egress: EgressClient(policy: EgressPolicy(schemes: ["http"]), resolver: strict.hosts.resolver)
            ),
            logger: Logger(label: "test")
        )
        let result = try await service.test(webhook.id)
        #expect(!result.isSuccess)
        #expect(result.error?.contains("non-public IP address") == true)
        #expect(result.responseStatus == nil)
    }
}
