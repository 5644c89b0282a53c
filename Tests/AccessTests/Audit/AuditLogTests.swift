import Access
import Core
import Storage
import TestSupport
import Testing

@Suite("Audit log", .overEveryDatabase)
struct AuditLogTests {
    @Test("a change under a context is recorded with who, what, before and after")
    func recordsChange() async throws {
        let house = try await AuditFixture()
        try await house.add("kettle")
        let record = try #require(try await house.records().first)
        #expect(record.sequence == 1)
        #expect(record.entry.actor == "alice")
        #expect(record.entry.token == "tok-1")
        #expect(record.entry.workspace == "default")
        #expect(record.entry.action == "POST /things")
        #expect(record.entry.object == "thing:kettle")
        #expect(record.entry.before == nil)
        #expect(record.entry.after == #"{"colour":"red"}"#)
        #expect(record.entry.requestID == "req-1")
        #expect(record.entry.address == "192.0.2.7")
        #expect(record.entry.outcome == .done)
        #expect(record.previousHash == AuditRecord.genesis)
        #expect(record.hash == record.computedHash)
    }

    @Test("a change that its feature does not describe has a record too")
    func recordsUndescribed() async throws {
        let house = try await AuditFixture()
        try await ChangeContext.$current.withValue(AuditFixture.context()) {
            try await house.database.write { try $0.execute("INSERT INTO things (name, colour) VALUES ('a', 'b')") }
        }
        let records = try await house.records()
        #expect(records.map(\.entry.object) == ["/things"])
        #expect(records.first?.entry.after == nil)
    }

    @Test("what nobody asked for, what reads and what changes no row has none")
    func recordsNothing() async throws {
        let house = try await AuditFixture()
        try await house.database.write { try $0.execute("INSERT INTO things (name, colour) VALUES ('a', 'b')") }
        try await ChangeContext.$current.withValue(AuditFixture.context()) {
            _ = try await house.database.read { try $0.query("SELECT * FROM things") }
            _ = try await house.database.write { try $0.execute("DELETE FROM things WHERE name = 'none'") }
        }
        #expect(try await house.records().isEmpty)
    }

    @Test("a change that fails leaves neither itself nor a record")
    func rollsBack() async throws {
        let house = try await AuditFixture()
        try await house.add("kettle")
        await #expect(throws: MartletError.self) {
            try await ChangeContext.$current.withValue(AuditFixture.context()) {
                try await house.database.write { connection in
                    try connection.execute("INSERT INTO things (name, colour) VALUES ('pot', 'blue')")
                    connection.note(Change(object: "thing:pot", before: nil, after: nil))
                    throw MartletError(.failedPrecondition, "No.")
                }
            }
        }
        await #expect(throws: MartletError.self) { try await house.add("kettle") }
        #expect(try await house.records().map(\.entry.object) == ["thing:kettle"])
        #expect(try await house.log.verify().fault == nil)
    }

    @Test("a record that cannot be written undoes the change")
    func recordOrNothing() async throws {
        let house = try await AuditFixture()
        // Somebody has put a record where the next one must go, and its number cannot be used twice.
        house.database.onChange { connection, _, _ in
            try connection.execute("INSERT INTO audit_records (sequence) VALUES (1)")
        }
        await #expect(throws: MartletError.self) { try await house.add("kettle") }
        let things = try await house.database.read { try $0.query("SELECT name FROM things").count }
        #expect(things == 0)
    }

    @Test("writers at the same time make one chain without gaps or forks")
    func concurrentWriters() async throws {
        let house = try await AuditFixture()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for number in 0..<25 { try await house.add("\(writer)-\(number)", as: "writer-\(writer)") }
                }
            }
            try await group.waitForAll()
        }
        let walk = try await house.log.verify()
        #expect(walk.fault == nil)
        #expect(walk.count == 200)
        #expect(try await house.log.head() == walk.head)
        #expect(Set(try await house.records().map(\.entry.object)).count == 200)
    }

    @Test("the database itself refuses to change, remove or replace a record")
    func appendOnly() async throws {
        let house = try await AuditFixture()
        try await house.add("kettle")
        var attempts = ["UPDATE audit_records SET actor = 'mallory'", "DELETE FROM audit_records"]
        switch house.database.dialect {
        case .sqlite: attempts.append("INSERT OR REPLACE INTO audit_records SELECT * FROM audit_records")
        case .postgres: attempts.append("TRUNCATE audit_records")
        }
        for attempt in attempts {
            await #expect(throws: MartletError.self, "\(attempt)") {
                try await house.database.write { try $0.execute(attempt) }
            }
        }
        let records = try await house.records()
        #expect(records.map(\.entry.actor) == ["alice"])
        #expect(try await house.log.verify().fault == nil)
    }

    @Test("filters and pages find what is asked for")
    func search() async throws {
        let house = try await AuditFixture()
        for name in ["a", "b", "c"] {
            try await house.add(name, as: name == "c" ? "bob" : "alice")
            house.time.advance(by: .seconds(10))
        }
        func objects(_ change: (inout AuditFilter) -> Void) async throws -> [String] {
            var filter = AuditFilter()
            change(&filter)
            return try await house.log.search(filter).records.map(\.entry.object)
        }
        let start = ManualClock().now
        #expect(try await objects { $0.actor = "bob" } == ["thing:c"])
        #expect(try await objects { $0.object = "thing:b" } == ["thing:b"])
        #expect(try await objects { $0.object = "thing:" } == ["thing:c", "thing:b", "thing:a"])
        #expect(try await objects { $0.action = "post" }.count == 3)
        #expect(try await objects { $0.action = "delete" }.isEmpty)
        #expect(try await objects { $0.outcome = .denied }.isEmpty)
        #expect(try await objects { $0.since = start + .seconds(10) } == ["thing:c", "thing:b"])
        #expect(try await objects { $0.until = start + .seconds(10) } == ["thing:a"])
        let first = try await house.log.search(isAscending: true, limit: 2)
        #expect(first.records.map(\.entry.object) == ["thing:a", "thing:b"])
        let second = try await house.log.search(isAscending: true, limit: 2, after: first.nextToken)
        #expect(second.records.map(\.entry.object) == ["thing:c"])
        #expect(second.nextToken == nil)
        await #expect(throws: MartletError.self) { try await house.log.search(limit: AuditLimits.pageRecords + 1) }
        await #expect(throws: MartletError.self) { try await house.log.search(after: "nonsense") }
    }

    @Test("a transaction with more changes than are described says so")
    func manyChanges() async throws {
        let house = try await AuditFixture()
        let count = StorageLimits.notedChanges + 1
        try await ChangeContext.$current.withValue(AuditFixture.context()) {
            try await house.database.write { connection in
                for number in 0..<count {
                    try connection.execute(
                        "INSERT INTO things (name, colour) VALUES (?, 'red')",
                        [.text("\(number)")]
                    )
                    connection.note(Change(object: "thing:\(number)", before: nil, after: nil))
                }
            }
        }
        let records = try await house.records()
        #expect(records.count == StorageLimits.notedChanges + 1)
        #expect(records.last?.entry.after?.contains("Only the first") == true)
    }
}
