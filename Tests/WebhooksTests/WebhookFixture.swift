import Core
import Egress
import Storage
import Synchronization
import TestSupport
import Testing
import Webhooks

/// Webhooks over a database in memory; hosts are what the test says they are.
final class WebhookFixture: Sendable {
    let clock = ManualClock()
    let database: Database
    let store: WebhookStore
    let hosts = Hosts()

    /// The addresses of hosts, and who was asked for.
    final class Hosts: Sendable {
        private let known = Mutex<[String: [IPAddress]]>([:])
        private let asked = Mutex<[String]>([])

        func set(_ host: String, _ addresses: [[UInt8]]) {
            known.withLock { $0[host] = addresses.compactMap(IPAddress.init(bytes:)) }
        }

        var questions: [String] { asked.withLock { $0 } }

        var resolver: HostResolver {
            HostResolver { host in
                self.asked.withLock { $0.append(host) }
                guard let found = self.known.withLock({ $0[host] }) else {
                    throw MartletError(.unavailable, "Cannot resolve the webhook's host '\(host)'.")
                }
                return found
            }
        }
    }

    init(policy: EgressPolicy = EgressPolicy(), key: UInt8 = 7) async throws {
        database = try Database.inMemory()
        try await database.migrate(WebhookStore.migrations)
        store = WebhookStore(
            database: database,
            secrets: try SecretBox(key: Array(repeating: key, count: 32)),
            egress: EgressClient(policy: policy, resolver: hosts.resolver),
            clock: clock.clock,
            cloudEvent: { event, data, now in
                [
                    "specversion": "1.0", "id": .string(Identifier.random()), "type": .string("test.\(event.name)"),
                    "source": "/test", "time": .string(now.iso8601), "data": .object(data),
                ]
            }
        )
        hosts.set("example.com", [[93, 184, 215, 14]])
    }

    static func event(
        _ entity: WebhookEvent.Entity = .modelVersion,
        _ action: WebhookEvent.Action = .created
    ) throws -> WebhookEvent {
        try #require(WebhookEvent(entity, action))
    }

    /// Creates a webhook for new versions.
    @discardableResult
    func webhook(
        _ name: String = "hook",
        url: String = "https://example.com/hook",
        secret: String? = nil
    ) async throws -> Webhook {
        try await store.create(name: name, url: url, events: [Self.event()], secret: secret)
    }

    /// Records that a version was created.
    func happen(_ data: JSONObject = ["name": "m"]) async throws {
        let (store, event) = (store, try Self.event())
        try await database.write { try store.record($0, event) { data } }
    }

    /// The deliveries of a webhook, the newest first.
    func deliveries(_ webhook: Webhook) async throws -> [WebhookDelivery] {
        try await store.deliveries(of: webhook.id, limit: 1000).deliveries
    }
}

/// The error that `work` throws.
func failure(_ work: () async throws -> Void) async -> MartletError? {
    do {
        try await work()
        return nil
    } catch {
        return error as? MartletError
    }
}

/// The code of the error that `work` throws.
func code(_ work: () async throws -> Void) async -> MartletError.Code? {
    await failure(work)?.code
}
