import Core
import Foundation
import Loop
import Storage
import Synchronization
import TestSupport
import Testing

/// Calls of a trigger's webhook: signed, fresh and new, or nothing happens.
@Suite(.overEveryDatabase)
struct WebhookTests {
    private func fixture() async throws -> LoopFixture {
        try await LoopFixture(with: ["when": ["webhook": ["secret": "hook", "window": "60s"]]])
    }

    static func call(
        _ clock: ManualClock,
        id: String = "d1",
        age: Int64 = 0,
        body: String = #"{"rows": 5}"#,
        signing other: String? = nil
    ) throws -> WebhookCall {
        let seconds = clock.clock.now.milliseconds / 1000 - age
        let code = FakeWorld.code(Array("\(id).\(seconds).\(other ?? body)".utf8))
        return try WebhookCall(
            id: id,
            timestamp: String(seconds),
            signature: "v1,AAAA v1,\(Data(code).base64EncodedString())",
            body: Array(body.utf8)
        )
    }

    @Test func aCallOpensOneLoopAndItsRepetitionNone() async throws {
        let fixture = try await fixture()
        fixture.world.state.withLock { $0.labelled = 10 }
        let service = fixture.service()
        #expect(try await service.receive(try Self.call(fixture.clock), for: "cancer-retrain"))
        #expect(try await !service.receive(try Self.call(fixture.clock), for: "cancer-retrain"))
        try await fixture.settle(service)
        #expect(try await !fixture.service().receive(try Self.call(fixture.clock), for: "cancer-retrain"))
        let loops = try await fixture.store.loops(limit: 5)
        #expect(loops.count == 1)
        #expect(loops.first?.signal.kind == .webhook)
        #expect(loops.first?.signal.evidence["payload"] == ["rows": 5])
    }

    @Test func deliveriesAreRememberedUpToALimit() async throws {
        let fixture = try await fixture()
        try await fixture.database.write { connection in
            for index in 1..<LoopLimits.maximumDeliveries {
                try connection.execute(
                    "INSERT INTO trigger_deliveries (trigger_name, delivery_id, at) VALUES (?, ?, ?)",
                    [.text("cancer-retrain"), .text("old\(index)"), .integer(fixture.clock.clock.now.milliseconds)]
                )
            }
        }
        let service = fixture.service()
        #expect(try await service.receive(try Self.call(fixture.clock, id: "last"), for: "cancer-retrain"))
        let error = await #expect(throws: MartletError.self) {
            try await service.receive(try Self.call(fixture.clock, id: "more"), for: "cancer-retrain")
        }
        #expect(error?.code == .resourceExhausted)
        fixture.clock.advance(by: .seconds(122))
        #expect(try await service.receive(try Self.call(fixture.clock, id: "more"), for: "cancer-retrain"))
    }

    @Test func theWindowIsExactOnBothSides() async throws {
        let fixture = try await fixture()
        let service = fixture.service()
        for (age, isTaken) in [(Int64(60), true), (61, false), (-60, true), (-61, false)] {
            let call = try Self.call(fixture.clock, id: "age\(age)", age: age)
            guard !isTaken else {
                #expect(try await service.receive(call, for: "cancer-retrain"))
                continue
            }
            let error = await #expect(throws: MartletError.self) {
                try await service.receive(call, for: "cancer-retrain")
            }
            #expect(error?.code == .unauthenticated)
        }
    }

    /// A call may be signed a window ahead: while it is fresh, its id must be remembered.
    @Test func aFreshCallIsRememberedAsLongAsItIsFresh() async throws {
        let fixture = try await fixture()
        let service = fixture.service()
        let call = try Self.call(fixture.clock, age: -60)
        #expect(try await service.receive(call, for: "cancer-retrain"))
        for _ in 0..<12 {
            fixture.clock.advance(by: .seconds(10))
            #expect(try await !service.receive(call, for: "cancer-retrain"))
        }
        fixture.clock.advance(by: .seconds(1))
        await #expect(throws: MartletError.self) { try await service.receive(call, for: "cancer-retrain") }
    }

    @Test func whatIsNotSignedIsRefused() async throws {
        let fixture = try await fixture()
        let service = fixture.service()
        let forged = try Self.call(fixture.clock, signing: #"{"rows": 6}"#)
        let error = await #expect(throws: MartletError.self) {
            try await service.receive(forged, for: "cancer-retrain")
        }
        #expect(error?.code == .unauthenticated)
        let unknown = await #expect(throws: MartletError.self) {
            try await service.receive(try Self.call(fixture.clock), for: "nobody")
        }
        #expect(unknown?.code == .notFound)
        #expect(try await fixture.store.standingSignals().isEmpty)
    }

    @Test func aTriggerWithoutWebhookOrSecretTakesNoCalls() async throws {
        let plain = try await LoopFixture()
        let missing = await #expect(throws: MartletError.self) {
            try await plain.service().receive(try Self.call(plain.clock), for: "cancer-retrain")
        }
        #expect(missing?.code == .notFound)
        let other = try await LoopFixture(with: ["when": ["webhook": ["secret": "lost"]]])
        let lost = await #expect(throws: MartletError.self) {
            try await other.service().receive(try Self.call(other.clock), for: "cancer-retrain")
        }
        #expect(lost?.code == .failedPrecondition && lost?.message.contains("lost") == true)
    }

    static let malformed: [(String?, String?, String?)] = [
        (nil, "1", "v1,AAAA"), ("", "1", "v1,AAAA"), ("a", nil, "v1,AAAA"), ("a", "x", "v1,AAAA"),
        ("a", "-1", "v1,AAAA"), ("a", "9999999999999999", "v1,AAAA"), ("a", "1", nil), ("a", "1", "AAAA"),
        ("a", "1", "v1,!"), ("a", "1", "v2,AAAA"),
        (String(repeating: "a", count: LoopLimits.maximumDeliveryBytes + 1), "1", "v1,AAAA"),
    ]

    @Test(arguments: malformed)
    func malformedHeadersAreNamed(_ id: String?, _ timestamp: String?, _ signature: String?) {
        let error = #expect(throws: MartletError.self) {
            try WebhookCall(id: id, timestamp: timestamp, signature: signature, body: [])
        }
        #expect(error?.code == .invalidArgument && error?.message.contains("webhook-") == true)
    }

    @Test func whatIsKeptIsBounded() async throws {
        let fixture = try await fixture()
        fixture.world.state.withLock { $0.labelled = 0 }
        let service = fixture.service()
        let padding = LoopLimits.maximumKeptBodyBytes - 2
        for (extra, key) in [(0, "payload"), (1, "payload_bytes")] {
            let body = "\"" + String(repeating: "x", count: padding + extra) + "\""
            _ = try await service.receive(
                try Self.call(fixture.clock, id: "size\(extra)", body: body),
                for: "cancer-retrain"
            )
            #expect(try await service.triggers().first?.signals.first?.signal.evidence[key] != nil)
        }
        let first = String(repeating: "i", count: LoopLimits.maximumDeliveryBytes)
        #expect(try await service.receive(try Self.call(fixture.clock, id: first), for: "cancer-retrain"))
    }
}
