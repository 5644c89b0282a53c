import Core
import Egress
import Storage
import TestSupport
import Testing
import Webhooks

@Suite struct WebhookStoreTests {
    private let fixture: WebhookFixture
    private var store: WebhookStore { fixture.store }

    init() async throws {
        fixture = try await WebhookFixture()
    }

    @Test func life() async throws {
        let events = try [WebhookFixture.event(.modelVersionAlias), WebhookFixture.event()]
        let made = try await store.create(
            name: "hook",
            url: "https://example.com/a?b=c",
            events: events + events,
            description: "d",
            secret: "s"
        )
        #expect(made.events == events)
        #expect(made.status == .active)
        #expect(made.isSigned)
        #expect(made.description == "d")
        #expect(made.creationTime == fixture.clock.now)
        #expect(try await store.webhook(made.id) == made)
        var change = WebhookChange()
        change.name = "other"
        change.secret = ""
        let changed = try await store.update(made.id, change)
        #expect(changed.name == "other")
        #expect(!changed.isSigned)
        #expect(changed.url == made.url)
        #expect(changed.events == made.events)
        #expect(changed.lastUpdateTime > made.lastUpdateTime)
        change = WebhookChange()
        change.events = try [WebhookFixture.event(.registeredModel)]
        change.status = .disabled
        change.url = "https://example.com/other"
        change.description = ""
        let again = try await store.update(made.id, change)
        #expect(again.events == change.events)
        #expect(again.status == .disabled)
        #expect(again.url == change.url)
        #expect(again.lastUpdateTime > changed.lastUpdateTime)
        try await store.delete(made.id)
        let gone = await failure { _ = try await store.webhook(made.id) }
        #expect(gone?.message == "Webhook with ID \(made.id) not found.")
        #expect(gone?.code == .notFound)
        #expect(await code { try await store.delete(made.id) } == .notFound)
        #expect(await code { _ = try await store.update(made.id, change) } == .notFound)
        #expect(try await store.webhooks().webhooks.isEmpty)
    }

    @Test func pages() async throws {
        for number in 1...5 {
            fixture.clock.advance(by: .seconds(1))
            try await fixture.webhook("hook\(number)")
        }
        try await fixture.webhook("hook6")
        var names: [String] = []
        var token: String?
        repeat {
            let page = try await store.webhooks(limit: 4, after: token)
            names += page.webhooks.map(\.name)
            token = page.nextToken
        } while token != nil
        #expect(names == ["hook6", "hook5", "hook4", "hook3", "hook2", "hook1"])
        #expect(await code { _ = try await store.webhooks(after: "x") } == .invalidArgument)
    }

    @Test(arguments: ["", "-a", "a-", ".a", "a_", "a b", "a/b", "é", "a\n"])
    func namesThatAreRefused(_ name: String) async {
        #expect(await code { try await fixture.webhook(name) } == .invalidArgument)
    }

    @Test(arguments: ["a", "A1", "a.b-c_d", "0", "my-Hook.v2"])
    func namesThatAreAccepted(_ name: String) async throws {
        #expect(try await fixture.webhook(name).name == name)
    }

    @Test(arguments: [
        ("   ", "cannot be empty or just whitespace"), ("ftp://example.com", "Invalid webhook URL scheme"),
        ("http://example.com", "Invalid webhook URL scheme"), ("http://[invalid", "Invalid webhook URL"),
        ("https://[invalid", "Invalid webhook URL"), ("example.com", "Invalid webhook URL scheme"),
        ("https:///x", "must include a hostname"), ("https://", "must include a hostname"),
        ("https://:80/", "must include a hostname"), ("https://user@example.com/", "user name"),
        ("https://user:pw@example.com/", "user name"), ("https://example.com:0/", "port"),
        ("https://example.com:65536/", "port"), ("https://example.com:x/", "port"),
        ("https://exa mple.com/", "percent"),
        ("https://example.com/\u{e9}", "percent"), ("https://example.com\\@127.0.0.1/", "percent"),
        ("https://[::1]x/", "port"), ("https://[1.2.3.4]/", "IPv6"), ("javascript:alert(1)", "scheme"),
    ])
    func urlsThatAreRefused(url: String, reason: String) async {
        let error = await failure { try await fixture.webhook(url: url) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test(
        arguments: [
            [127, 0, 0, 1], [10, 0, 0, 1], [169, 254, 169, 254], [0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168, 0, 1],
        ] as [[UInt8]]
    )
    func hostsOfThePrivateNetwork(_ address: [UInt8]) async {
        fixture.hosts.set("inner.example", [[93, 184, 215, 14], address])
        let error = await failure { try await fixture.webhook(url: "https://inner.example/") }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("must not resolve to a non-public IP address") == true)
    }

    @Test func hostsThatAreNotKnownAreCheckedLater() async throws {
        try await fixture.webhook(url: "https://not-yet.example/")
        #expect(fixture.hosts.questions == ["not-yet.example"])
    }

    @Test func privateAddressesIfAllowed() async throws {
        let policy = EgressPolicy(schemes: ["http", "https"], inner: .allowed)
        let open = try await WebhookFixture(policy: policy)
        for url in ["http://127.0.0.1:8080/x", "http://[::1]/", "https://localhost"] {
            #expect(try await open.webhook(url: url).url == url)
        }
    }

    @Test func secretsAreEncrypted() async throws {
        let webhook = try await fixture.webhook(secret: "very secret")
        let stored = try await fixture.database.read { connection in
            try connection.first("SELECT secret FROM webhooks WHERE webhook_id = ?", [.text(webhook.id)])?.text(
                "secret"
            )
        }
        let sealed = try #require(stored)
        #expect(!sealed.contains("secret"))
        let other = try await fixture.webhook(secret: "very secret")
        let otherSealed = try await fixture.database.read { connection in
            try connection.first("SELECT secret FROM webhooks WHERE webhook_id = ?", [.text(other.id)])?.text("secret")
        }
        #expect(otherSealed != sealed)
    }

    @Test func keysOfSecrets() throws {
        #expect(throws: MartletError.self) { try SecretBox(key: [1, 2, 3]) }
        #expect(throws: MartletError.self) { try SecretBox(base64: "short") }
        // A key as Python's Fernet makes it.
        _ = try SecretBox(base64: "ZmDfcTF7_60GrrY167zsiPd67pEvs0aGOv2oasOM1Pg=")
    }
}
