import Core
import Ledger
import Storage
import TestSupport
import Testing

@Suite("Retention: by age, rows and bytes, in bounded slices; older schemas", .overEveryDatabase)
struct RetentionTests {
    private func prune(_ fixture: LedgerFixture, _ rule: LedgerSpec.Retention, at seconds: Int64) async throws -> Int {
        try await fixture.store.note(LedgerSpec(retention: rule), of: "cancer")
        return try await fixture.store.prune(now: LedgerFixture.begin + .seconds(seconds)).rows
    }

    @Test("More rows than LedgerLimits.prunedRows go in several slices; totals and the search by id stay right")
    func rows() async throws {
        let fixture = try await LedgerFixture()
        let count = LedgerLimits.prunedRows + 700
        try await fixture.insert((0..<count).map { LedgerFixture.record("r\($0)", at: Int64($0)) })
        _ = try await fixture.label("r5", "benign")
        _ = try await fixture.label("r5", "malignant")
        let before = try #require(try await fixture.store.totals("cancer"))
        #expect(before.rows == Int64(count))
        #expect(try await prune(fixture, .init(rows: 100), at: 0) == count - 100)
        let after = try #require(try await fixture.store.totals("cancer"))
        #expect(after.rows == 100 && after.bytes > 0 && after.revision > before.revision)
        #expect(try await fixture.store.find("r5") == nil)
        #expect(try await fixture.store.find("r\(count - 1)") != nil)
        let left = try await fixture.database.read { try $0.first("SELECT COUNT(*) AS n FROM ledger_labels")?.int("n") }
        #expect(left == 0)
        // What was served is not forgotten with its rows.
        #expect(try await fixture.store.hours("cancer").map(\.predictions).reduce(0, +) == Int64(count))
    }

    @Test("Bytes and age decide as well; a row younger than the age stays when the clock has gone back")
    func bytesAndAge() async throws {
        let fixture = try await LedgerFixture()
        try await fixture.insert((0..<10).map { LedgerFixture.record("r\($0)", at: Int64($0) * 60) })
        let bytes = try #require(try await fixture.store.totals("cancer")).bytes
        #expect(try await prune(fixture, .init(bytes: bytes / 2), at: 600) == 5)
        #expect(try await prune(fixture, .init(age: .seconds(120)), at: -3600) == 0)
        #expect(try await prune(fixture, .init(age: .seconds(120)), at: 600) == 3)
        #expect(try await fixture.store.recent("cancer", limit: 9).map(\.record.id) == ["r9", "r8"])
        #expect(try await prune(fixture, .init(age: .seconds(1)), at: 99_999) == 2)
        try await fixture.insert([LedgerFixture.record("again", at: 99_999)])
        #expect(try await fixture.store.find("again") != nil)
    }

    @Test("Ids are found across segments, and known again in the segment before")
    func segments() async throws {
        let fixture = try await LedgerFixture()
        let size = Int(LedgerLimits.segmentRows)
        for start in stride(from: 0, to: size + 10, by: 16_384) {
            let end = min(start + 16_384, size + 10)
            _ = try await fixture.store.insert((start..<end).map { LedgerFixture.record("r\($0)", features: []) })
        }
        for id in ["r0", "r\(size + 5)"] { #expect(try await fixture.store.find(id) != nil) }
        #expect(try await fixture.store.insert([LedgerFixture.record("r0"), LedgerFixture.record("new")]) == 1)
    }

    @Test("Rows of an older server are brought over with their labels, in slices, each once")
    func former() async throws {
        let fixture = try await LedgerFixture()
        try await fixture.database.write { connection in
            for index in 0..<5 {
                try connection.execute(
                    """
                    INSERT INTO predictions (deployment, seq, id, version, arm, step, via, features, prediction, score,
                        latency_us, drift, created_at, label, labelled_at)
                    VALUES ('cancer', ?, ?, 1, 'stable', 0, 'predict', ?, 'benign', 0.5, 100, 0, ?, ?, ?)
                    """,
                    [
                        .int(index + 1), .text("old\(index)"), .blob(FeatureBlob.encode([1, 2])),
                        .integer(LedgerFixture.begin.milliseconds + Int64(index)),
                        index < 2 ? .text("benign") : .null,
                        index < 2 ? .integer(LedgerFixture.begin.milliseconds) : .null,
                    ]
                )
            }
        }
        _ = try await fixture.label("old4", "malignant")
        #expect(try await fixture.store.bringOver() == 5)
        #expect(try await fixture.store.bringOver() == 0)
        #expect(try await fixture.store.find("old4")?.label == "malignant")
        #expect(try await fixture.store.find("old1")?.label == "benign")
        let hour = try #require(try await fixture.store.hours("cancer").first)
        #expect(hour.predictions == 5 && hour.labelled == 3 && hour.correct == 2)
    }

    @Test("The share that is kept is the share that was asked for, the same for every server")
    func sampling() {
        let spec = LedgerSpec(sampling: 0.1)
        let kept = (0..<20_000).count { spec.keeps("request-\($0)") }
        #expect((1800...2200).contains(kept))
        #expect(LedgerSpec(sampling: 0).keeps("a") == false && LedgerSpec().keeps("a"))
    }
}
