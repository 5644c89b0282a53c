import Core
import Ledger
import Storage
import TestSupport
import Testing

@Suite("Limits of the ledger", .overEveryDatabase)
struct LedgerLimitsTests {
    private func item(_ text: String) throws -> FeedbackItem {
        try FeedbackItem(fields: JSONFields(try JSONValue.parse(text)))
    }

    @Test("Texts of labels: LedgerLimits.labelBytes, .idBytes, .entityBytes, .entityWindow")
    func texts() throws {
        func text(_ count: Int) -> String { String(repeating: "x", count: count) }
        #expect(try CanonicalLabel.text(.string(text(LedgerLimits.labelBytes)), classes: nil).utf8.count == 256)
        let longer: JSONValue = .string(text(LedgerLimits.labelBytes + 1))
        #expect(throws: MartletError.self) { try CanonicalLabel.text(longer, classes: nil) }
        _ = try item(#"{"label": 1, "request_id": "\#(text(LedgerLimits.idBytes))"}"#)
        _ = try item(#"{"label": 1, "deployment": "d", "at": 5, "entity": "\#(text(LedgerLimits.entityBytes))"}"#)
        _ = try item(#"{"label": 1, "deployment": "d", "at": 5, "entity": "e", "window": "400d"}"#)
        for wrong in [
            #"{"label": 1, "request_id": "\#(text(LedgerLimits.idBytes + 1))"}"#, #"{"label": 1, "request_id": ""}"#,
            #"{"label": 1, "deployment": "d", "at": 5, "entity": "\#(text(LedgerLimits.entityBytes + 1))"}"#,
            #"{"label": 1, "deployment": "d", "at": 5, "entity": "e", "window": "9601h"}"#,
            #"{"label": [], "request_id": "a"}"#, #"{"label": 1, "request_id": "a", "observed_at": "soon"}"#,
        ] {
            #expect(throws: MartletError.self, "\(wrong)") { try item(wrong) }
        }
        #expect(LedgerLimits.entityWindow == .seconds(400 * 86_400))
    }

    @Test("Times to come are refused past LedgerLimits.clockTolerance")
    func times() async throws {
        let fixture = try await LedgerFixture()
        let time = ManualClock()
        let desk = FeedbackDesk(store: fixture.store, clock: time.clock, flush: {})
        func label(_ observedAt: Timestamp) -> FeedbackItem {
            FeedbackItem(subject: .request(id: "a", deployment: nil), label: 1, observedAt: observedAt)
        }
        let edge = time.now + LedgerLimits.clockTolerance
        #expect(try await desk.take(label(edge)).outcome == .pending)
        await #expect(throws: MartletError.self) { try await desk.take(label(edge + .milliseconds(1))) }
        await #expect(throws: MartletError.self) { try await desk.take(label(Timestamp(milliseconds: -1))) }
    }

    @Test("A spec keeps LedgerLimits.maximumRows, .maximumPayloadBytes and .redactedColumns, and says its defaults")
    func specs() throws {
        func spec(_ text: String) throws -> LedgerSpec {
            try LedgerSpec(fields: JSONFields(try JSONValue.parse(text), path: "ledger"))
        }
        let whole = try spec(
            """
            {"sampling": 0.5, "redact": ["a"], "payload_limit": "1MiB", "entity": {"header": "X-Id"},
             "retention": {"age": "1d", "rows": 10000000000, "bytes": "1GiB"}}
            """
        )
        #expect(
            whole.payloadLimit == LedgerLimits.maximumPayloadBytes && whole.retention.rows == LedgerLimits.maximumRows
        )
        #expect(whole.entityHeader == "x-id" && whole.retention.bytes == 1 << 30)
        #expect(try LedgerSpec(fields: JSONFields(whole.json)) == whole)
        #expect(LedgerSpec().payloadLimit == LedgerLimits.defaultPayloadBytes)
        let names = (0...LedgerLimits.redactedColumns).map { "\"c\($0)\"" }
        _ = try spec("{\"redact\": [\(names.dropLast().joined(separator: ","))]}")
        for wrong in [
            #"{"sampling": 1.5}"#, #"{"retention": {"age": 0}}"#, #"{"retention": {"rows": 10000000001}}"#,
            #"{"payload_limit": 1048577}"#, #"{"redact": ["a", "a"]}"#, #"{"entity": {}}"#,
            #"{"entity": {"header": "X Y"}}"#, #"{"entity": {"header": "a", "input": "b"}}"#, #"{"sample": 1}"#,
            "{\"redact\": [\(names.joined(separator: ","))]}",
        ] {
            #expect(throws: MartletError.self, "\(wrong)") { try spec(wrong) }
        }
    }

    @Test("An entity has at most LedgerLimits.entityRows labelled at once; what it found stays LedgerLimits.entityAge")
    func entityRows() async throws {
        let fixture = try await LedgerFixture()
        let rows = (0...LedgerLimits.entityRows).map { LedgerFixture.record("r\($0)", at: Int64($0), entity: "e") }
        try await fixture.insert(rows)
        func label(_ seconds: Int64) async throws -> Result<FeedbackAnswer, MartletError>? {
            let at = LedgerFixture.begin + .seconds(5000)
            let subject = FeedbackItem.Subject.entity(deployment: "cancer", key: "e", at: at, window: .seconds(seconds))
            let item = FeedbackItem(subject: subject, label: 1)
            return try await fixture.store.label([item], now: at, keepsUnknown: true).answers[0]
        }
        await #expect(throws: MartletError.self) { try await label(6000)?.get() }
        #expect(try await label(5000)?.get().ids.count == LedgerLimits.entityRows)
        func waiting() async throws -> Int64? {
            try await fixture.database.read { try $0.first("SELECT COUNT(*) AS n FROM ledger_pending")?.int("n") }
        }
        #expect(try await waiting() == 1)
        _ = try await fixture.store.prune(now: LedgerFixture.begin + .seconds(5000) + LedgerLimits.entityAge)
        #expect(try await waiting() == 0)
    }

    @Test("LedgerLimits.pendingLabels wait and not one more")
    func pendingLabels() async throws {
        guard TestDatabase.current == .sqlite else { return }
        let fixture = try await LedgerFixture()
        let count = LedgerLimits.pendingLabels - 1
        try await fixture.database.write { connection in
            for number in 0..<count {
                try connection.execute(
                    "INSERT INTO ledger_pending VALUES (?, 'i', NULL, NULL, NULL, '1', 0, 0, 0, ?, 0)",
                    [.integer(number + 1), .integer(.max)]
                )
            }
        }
        #expect(try await fixture.label("last", 1).outcome == .pending)
        let error = await #expect(throws: MartletError.self) { _ = try await fixture.label("more", 1) }
        #expect(error?.code == .resourceExhausted)
    }

    @Test("A filter looks at slices of LedgerLimits.sliceRows; groups stop at LedgerLimits.groups; pages at .pageRows")
    func slices() async throws {
        let fixture = try await LedgerFixture()
        let count = LedgerLimits.sliceRows + 5
        for start in stride(from: 0, to: count, by: 8192) {
            _ = try await fixture.store.insert(
                (start..<min(start + 8192, count)).map {
                    LedgerFixture.record("r\($0)", at: Int64($0), prediction: "\($0)", features: [])
                }
            )
        }
        var query = LedgerQuery(deployment: "cancer", filter: try LedgerFilter(parsing: "prediction = '3'"))
        let page = try await fixture.store.page(query, limit: 5)
        #expect(page.rows.map(\.record.id) == ["r3"] && page.scanned == count && page.next == nil)
        query.filter = .everything
        #expect(try await fixture.store.page(query, limit: 5000).rows.count == LedgerLimits.pageRows)
        await #expect(throws: MartletError.self) { _ = try await fixture.store.groups(query, by: [.prediction]) }
        query.until = LedgerFixture.begin + .seconds(Int64(LedgerLimits.groups))
        #expect(try await fixture.store.groups(query, by: [.prediction]).groups.count == LedgerLimits.groups)
        #expect(LedgerLimits.scannedRows > LedgerLimits.sliceRows && LedgerLimits.groupedRows > LedgerLimits.sliceRows)
        #expect(LedgerLimits.rowsPerStatement * 24 < StorageLimits.boundValues)
        #expect(LedgerLimits.idsPerStatement + 2 < StorageLimits.boundValues)
    }

    @Test("One answer has LedgerLimits.hourRows hours, the newest; they go after LedgerLimits.hoursAge")
    func hours() async throws {
        guard TestDatabase.current == .sqlite else { return }
        let fixture = try await LedgerFixture()
        let hours = (0...LedgerLimits.hourRows).map { index in
            LedgerHour(
                deployment: "cancer",
                version: 1,
                hour: LedgerFixture.begin + .seconds(Int64(index) * 3600),
                arm: .stable
            )
        }
        _ = try await fixture.store.insert(LedgerBatch(unkept: hours))
        #expect(try await fixture.store.hours("cancer") == Array(hours.dropFirst()))
        let last = try #require(hours.last).hour
        _ = try await fixture.store.prune(now: last + LedgerLimits.hoursAge)
        #expect(try await fixture.store.hours("cancer") == [try #require(hours.last)])
    }

    @Test("Older rows are brought over LedgerLimits.broughtRows at a time")
    func brought() async throws {
        let fixture = try await LedgerFixture()
        let count = LedgerLimits.broughtRows + 1
        try await fixture.database.write { connection in
            for index in 0..<count {
                try connection.execute(
                    """
                    INSERT INTO predictions (deployment, seq, id, version, arm, step, via, features, prediction,
                        latency_us, drift, created_at)
                    VALUES ('cancer', ?, ?, 1, 'stable', 0, 'predict', ?, 'benign', 100, 0, 5)
                    """,
                    [.int(index + 1), .text("old\(index)"), .blob([])]
                )
            }
        }
        #expect(try await fixture.store.bringOver() == LedgerLimits.broughtRows)
        #expect(try await fixture.store.bringOver() == 1)
    }
}
