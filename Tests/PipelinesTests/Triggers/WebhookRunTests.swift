import Core
import Crypto
import Foundation
import Pipelines
import TestSupport
import Testing

/// Webhooks start runs for whoever shows their secret, once for each delivery.
struct WebhookRunTests {
    static let body = Array(#"{"branch":"main","commit":{"id":"abc"}}"#.utf8)

    static func code(_ message: [UInt8], _ secret: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: Data(secret.utf8))))
    }

    static func signed(
        _ id: String,
        secret: String = "a secret of some length",
        at time: Timestamp = TriggerFixture.start,
        body: [UInt8] = body
    ) -> WebhookDelivery {
        var delivery = WebhookDelivery(body: body)
        let seconds = String(time.milliseconds / 1000)
        delivery.id = id
        delivery.timestamp = seconds
        let code = code(Array("\(id).\(seconds).".utf8) + body, secret)
        delivery.signature = "v1,AAAA v1,\(Data(code).base64EncodedString())"
        return delivery
    }

    static func fixture(_ webhook: JSONValue) async throws -> (TriggerFixture, TriggerService) {
        let fixture = try await TriggerFixture()
        try await fixture.declare([
            "push": ["webhook": webhook, "parameters": ["x": "${trigger.event.data.commit.id}"]]
        ])
        let service = fixture.service()
        await service.tick()
        return (fixture, service)
    }

    @Test func aSignedDeliveryCountsOnce() async throws {
        let (fixture, service) = try await Self.fixture("hook")
        let first = try await service.receive(Self.signed("d1"), pipeline: "p", trigger: "push")
        let again = try await fixture.service().receive(Self.signed("d1"), pipeline: "p", trigger: "push")
        #expect(!first.isDuplicate && again.isDuplicate && again.firing.run == first.firing.run)
        #expect(try await fixture.values() == ["abc"])
        #expect(try await fixture.runs().first?.cause.kind == .webhook)
        #expect(first.firing.event?["data"]?["branch"] == "main")
    }

    @Test func wrongSignaturesAreRefused() async throws {
        let (fixture, service) = try await Self.fixture("hook")
        var forged = Self.signed("d1")
        forged.body.append(32)
        var renamed = Self.signed("d1")
        renamed.id = "d2"
        var bare = WebhookDelivery(body: Self.body)
        bare.id = "d1"
        let window = TriggerLimits.signatureWindow
        let old = Self.signed("d1", at: TriggerFixture.start - window - .seconds(1))
        let early = Self.signed("d1", at: TriggerFixture.start + window + .seconds(2))
        for wrong in [forged, renamed, bare, Self.signed("d1", secret: "another"), old, early] {
            let error = await #expect(throws: MartletError.self) {
                try await service.receive(wrong, pipeline: "p", trigger: "push")
            }
            #expect(error?.code == .unauthenticated)
        }
        #expect(try await fixture.runs().isEmpty)
        _ = try await service.receive(
            Self.signed("d1", at: TriggerFixture.start - window + .seconds(2)),
            pipeline: "p",
            trigger: "push"
        )
        #expect(try await fixture.runs().count == 1)
    }

    @Test func onlySoManySignaturesAreLookedAt() async throws {
        let (_, service) = try await Self.fixture("hook")
        var delivery = Self.signed("d1")
        let right = try #require(delivery.signature?.split(separator: " ").last)
        delivery.signature = String(repeating: "v1,AAAA ", count: TriggerLimits.signatures) + right
        let late = delivery
        await #expect(throws: MartletError.self) { try await service.receive(late, pipeline: "p", trigger: "push") }
        delivery.signature = String(repeating: "v1,AAAA ", count: TriggerLimits.signatures - 1) + right
        _ = try await service.receive(delivery, pipeline: "p", trigger: "push")
    }

    @Test func otherSystemsSignOtherwise() async throws {
        let (fixture, service) = try await Self.fixture(["secret": "hook", "scheme": "github"])
        var delivery = WebhookDelivery(body: Self.body)
        delivery.id = "g1"
        let code = Self.code(Self.body, "a secret of some length")
        delivery.hubSignature =
            "sha256=" + code.map { String($0 / 16, radix: 16) + String($0 % 16, radix: 16) }.joined()
        _ = try await service.receive(delivery, pipeline: "p", trigger: "push")
        for wrong in ["", "sha256=", "sha256=zz", "sha1=00", String(delivery.hubSignature?.dropLast() ?? "")] {
            delivery.hubSignature = wrong
            let call = delivery
            await #expect(throws: MartletError.self) { try await service.receive(call, pipeline: "p", trigger: "push") }
        }
        let (tokened, holder) = try await Self.fixture(["secret": "hook", "scheme": "token"])
        var plain = WebhookDelivery(body: Array("not JSON".utf8))
        await #expect(throws: MartletError.self) { try await holder.receive(plain, pipeline: "p", trigger: "push") }
        plain.token = "a secret of some lengtH"
        let near = plain
        await #expect(throws: MartletError.self) { try await holder.receive(near, pipeline: "p", trigger: "push") }
        plain.token = "a secret of some length"
        // The body lacks what the trigger gives on.
        let called = plain
        let error = await #expect(throws: MartletError.self) {
            try await holder.receive(called, pipeline: "p", trigger: "push")
        }
        #expect(error?.code == .invalidArgument && error?.message.contains("commit.id") == true)
        plain.body = Self.body
        _ = try await holder.receive(plain, pipeline: "p", trigger: "push")
        _ = try await holder.receive(plain, pipeline: "p", trigger: "push")
        #expect(try await tokened.values() == ["abc", "abc"], "without an id each call is a delivery")
        #expect(try await fixture.values() == ["abc"])
    }

    @Test func callsAreBoundedByTheMinute() async throws {
        let (fixture, service) = try await Self.fixture(["secret": "hook", "per_minute": 3])
        func call(_ id: String) async throws {
            _ = try await service.receive(Self.signed(id, at: fixture.manual.now), pipeline: "p", trigger: "push")
        }
        for number in 0..<3 { try await call("d\(number)") }
        let error = await #expect(throws: MartletError.self) { try await call("d3") }
        #expect(error?.code == .resourceExhausted && error?.message.contains("20 s") == true)
        fixture.advance(.seconds(20))
        try await call("d3")
        await #expect(throws: MartletError.self) { try await call("d4") }
        fixture.advance(.seconds(3_600))
        for number in 4..<7 { try await call("d\(number)") }
        await #expect(throws: MartletError.self) { try await call("d7") }
    }

    @Test func guessesAreBoundedByTheMinute() async throws {
        let (fixture, service) = try await Self.fixture("hook")
        let wrong = Self.signed("d1", secret: "guess")
        var codes: [MartletError.Code?] = []
        for _ in 0..<TriggerLimits.refusedPerMinute + 1 {
            let error = await #expect(throws: MartletError.self) {
                try await service.receive(wrong, pipeline: "p", trigger: "push")
            }
            codes.append(error?.code)
        }
        #expect(codes.dropLast().allSatisfy { $0 == .unauthenticated } && codes.last == .resourceExhausted)
        // Who knows the secret is let in all the same.
        _ = try await service.receive(Self.signed("d1"), pipeline: "p", trigger: "push")
        #expect(try await fixture.runs().count == 1)
    }

    @Test func whatIsNoWebhookIsNotFound() async throws {
        let fixture = try await TriggerFixture()
        try await fixture.declare([
            "push": ["webhook": "hook"], "hand": ["manual": true], "open": ["webhook": "nothing"],
        ])
        let service = fixture.service()
        await service.tick()
        func code(_ delivery: WebhookDelivery, _ pipeline: String, _ name: String) async -> MartletError.Code? {
            await #expect(throws: MartletError.self) {
                try await service.receive(delivery, pipeline: pipeline, trigger: name)
            }?.code
        }
        #expect(await code(Self.signed("d"), "p", "hand") == .notFound)
        #expect(await code(Self.signed("d"), "p", "other") == .notFound)
        #expect(await code(Self.signed("d"), "q", "push") == .notFound)
        #expect(await code(Self.signed("d"), "p", "open") == .unavailable, "its secret is not set")
        let long = String(repeating: "d", count: TriggerLimits.deliveryBytes + 1)
        #expect(await code(Self.signed(long), "p", "push") == .invalidArgument)
        _ = try await service.receive(Self.signed(String(long.dropLast())), pipeline: "p", trigger: "push")
        try await service.pause("p", "push", by: "alice")
        #expect(await code(Self.signed("d"), "p", "push") == .failedPrecondition)
    }

    @Test func aBinarySecretIsDecoded() async throws {
        let (fixture, service) = try await Self.fixture("binary")
        _ = try await service.receive(Self.signed("d1", secret: "secret bytes"), pipeline: "p", trigger: "push")
        #expect(try await fixture.runs().count == 1)
    }
}
