import Access
import Core
import TestSupport
import Testing

@Suite("Refusals in the audit log", .overEveryDatabase)
struct DenialTests {
    private func denial(_ actor: String, address: String? = nil) -> Denial {
        Denial(
            actor: actor,
            workspace: "default",
            method: "POST",
            path: "/api/things",
            requestID: "r-1",
            address: address,
            reason: "Only editors may."
        )
    }

    private func recorder(_ house: AuditFixture) -> DenialRecorder {
        DenialRecorder(clock: house.time.clock) { _ in house.log }
    }

    @Test("a refusal is written with who, what and why")
    func one() async throws {
        let house = try await AuditFixture()
        let recorder = recorder(house)
        recorder.record(denial("bob", address: "192.0.2.9"))
        #expect(try await house.records().isEmpty)
        await recorder.flush()
        let entry = try #require(try await house.records().first?.entry)
        #expect(entry.actor == "bob")
        #expect(entry.action == "POST /api/things")
        #expect(entry.outcome == .denied)
        #expect(entry.reason == "Only editors may.")
        #expect(entry.address == "192.0.2.9")
        #expect(entry.requestID == "r-1")
    }

    @Test("past the limit of a caller refusals are counted, and other callers still have theirs written")
    func floodOfOne() async throws {
        let house = try await AuditFixture()
        let recorder = recorder(house)
        let limit = AuditLimits.denialsPerMinuteAndCaller
        for _ in 0..<limit + 40 { recorder.record(denial("mallory")) }
        recorder.record(denial("bob"))
        await recorder.flush()
        let records = try await house.records()
        #expect(records.count { $0.entry.actor == "mallory" } == limit)
        #expect(records.count { $0.entry.actor == "bob" } == 1)
        #expect(records.count == limit + 1)
        house.time.advance(by: .seconds(60))
        await recorder.flush()
        let summary = try #require(try await house.records().last?.entry)
        #expect(summary.actor == "system:audit")
        #expect(summary.after == #"{"refused":40,"callers":{"mallory":40}}"#)
        // A new minute, new records.
        recorder.record(denial("mallory"))
        await recorder.flush()
        #expect(try await house.records().last?.entry.actor == "mallory")
        #expect(try await house.log.verify().fault == nil)
    }

    @Test("past the limit of a minute and of what may wait refusals are counted, by few names")
    func floodOfMany() async throws {
        let house = try await AuditFixture()
        let recorder = recorder(house)
        #expect(AuditLimits.denialsPerMinute <= AuditLimits.pendingDenials)
        let more = AuditLimits.summarizedCallers + 5
        for number in 0..<AuditLimits.denialsPerMinute + more {
            recorder.record(denial("", address: "198.51.100.\(number)"))
        }
        await recorder.flush()
        #expect(try await house.records().count == AuditLimits.denialsPerMinute)
        house.time.advance(by: .seconds(60))
        await recorder.flush()
        let records = try await house.records()
        #expect(records.count == AuditLimits.denialsPerMinute + 1)
        let counts = try JSONValue.parse(try #require(records.last?.entry.after))
        #expect(counts["refused"]?.integerValue == Int64(more))
        #expect(counts["callers"]?.objectValue?.pairs.count == AuditLimits.summarizedCallers + 1)
        #expect(counts["callers"]?["others"]?.integerValue == 5)
    }

    @Test("a queue that nobody empties stays bounded")
    func bounded() async throws {
        let house = try await AuditFixture()
        let recorder = recorder(house)
        for minute in 0..<3 {
            for caller in 0..<20 {
                for _ in 0..<AuditLimits.denialsPerMinuteAndCaller { recorder.record(denial("c\(minute)-\(caller)")) }
            }
            house.time.advance(by: .seconds(60))
        }
        await recorder.flush(isLast: true)
        #expect(try await house.records().count <= AuditLimits.pendingDenials + 1)
        #expect(try await house.records().last?.entry.actor == "system:audit")
    }

    @Test("the service writes every second, and the rest when it ends")
    func service() async throws {
        let house = try await AuditFixture()
        let recorder = recorder(house)
        #expect(AuditLimits.denialSeconds == 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await recorder.run() }
            while house.time.sleeperCount == 0 { try? await Task.sleep(for: .milliseconds(1)) }
            recorder.record(denial("bob"))
            group.cancelAll()
            try await group.waitForAll()
        }
        #expect(try await house.records().map(\.entry.actor) == ["bob"])
    }
}
