import Access
import Core
import Storage
import TestSupport
import Testing

@Suite("Audit log, tampered with", .overEveryDatabase)
struct AuditTamperingTests {
    /// Every column that is hashed, and what somebody writes into it.
    static let columns: [(column: String, value: SQLValue)] = [
        ("time", 7), ("actor", "mallory"), ("token", nil), ("workspace", "other"), ("action", "GET /"),
        ("object", "thing:x"), ("value_before", "{}"), ("value_after", nil), ("request_id", "r"),
        ("address", "198.51.100.1"), ("outcome", "denied"), ("outcome", "undone"), ("reason", ""),
        ("previous_hash", .text(String(repeating: "a", count: 64))), ("hash", .text(String(repeating: "b", count: 64))),
    ]

    private func house(_ count: Int = 5) async throws -> AuditFixture {
        let house = try await AuditFixture()
        for number in 1...count { try await house.add("\(number)") }
        return house
    }

    @Test("a change of any column is found at its record", arguments: columns)
    func column(_ change: (column: String, value: SQLValue)) async throws {
        let house = try await house()
        try await house.tamper("UPDATE audit_records SET \(change.column) = ? WHERE sequence = 3", [change.value])
        let fault = try #require(try await house.log.verify().fault)
        #expect(fault.sequence == 3)
        #expect(fault.reason.contains("changed"))
    }

    @Test("a changed record with a new hash breaks the link of the next one")
    func rehashed() async throws {
        let house = try await house()
        var record = try await house.records()[2]
        record.entry.actor = "mallory"
        try await house.tamper(
            "UPDATE audit_records SET actor = ?, hash = ? WHERE sequence = 3",
            ["mallory", .text(record.computedHash)]
        )
        let fault = try #require(try await house.log.verify().fault)
        #expect(fault.sequence == 4)
        #expect(fault.reason.contains("record 3"))
    }

    @Test("a record that was removed from the middle is missed")
    func removed() async throws {
        let house = try await house()
        try await house.tamper("DELETE FROM audit_records WHERE sequence IN (3, 4)")
        let fault = try #require(try await house.log.verify().fault)
        #expect(fault == AuditVerifier.Fault(sequence: 3, reason: "the records 3 to 4 are missing"))
    }

    @Test("a beginning that was removed is missed, also when the rest is numbered anew")
    func beheaded() async throws {
        let house = try await house()
        try await house.tamper("DELETE FROM audit_records WHERE sequence = 1")
        #expect(try await house.log.verify().fault?.sequence == 1)
        let second = try await house.records()[0]
        let moved = AuditRecord(sequence: 1, entry: second.entry, previousHash: second.previousHash, hash: "")
        try await house.tamper(
            "UPDATE audit_records SET sequence = 1, hash = ? WHERE sequence = 2",
            [.text(moved.computedHash)]
        )
        let fault = try #require(try await house.log.verify().fault)
        #expect(fault.sequence == 1)
        #expect(fault.reason.contains("does not begin"))
    }

    @Test("a cut end is found by a head that was written down, and only by it")
    func truncated() async throws {
        let house = try await house()
        let anchor = try await house.log.head()
        #expect(try await house.log.verify(anchors: [anchor]).fault == nil)
        try await house.tamper("DELETE FROM audit_records WHERE sequence > 3")
        #expect(try await house.log.verify().fault == nil)
        let fault = try #require(try await house.log.verify(anchors: [anchor]).fault)
        #expect(fault.sequence == 4)
        #expect(fault.reason.contains("cut off"))
        // What is written afterwards does not heal it.
        for number in 6...9 { try await house.add("\(number)") }
        let rewritten = try #require(try await house.log.verify(anchors: [anchor]).fault)
        #expect(rewritten.sequence == 5)
        #expect(rewritten.reason.contains("rewritten"))
    }

    @Test("a record of another chain does not fit")
    func transplanted() async throws {
        let house = try await house()
        let other = try await AuditFixture(name: "other")
        try await other.add("elsewhere", as: "bob")
        try await other.add("elsewhere too", as: "bob")
        let foreign = try await other.records()[1]
        var verifier = AuditVerifier()
        for record in try await house.records().prefix(1) + [foreign] { verifier.take(record) }
        #expect(verifier.fault?.sequence == 2)
        #expect(verifier.fault?.reason.contains("does not follow") == true)
    }
}
