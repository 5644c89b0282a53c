import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Ledger
import TestSupport
import Testing

@Suite("The ledger over HTTP", .overEveryDatabase)
struct LedgerRoutesTests {
    private func get(_ fixture: LedgerFixture, _ path: String) async throws -> (status: Int, text: String) {
        let time = ManualClock()
        let router = Router(context: AppRequestContext.self)
        let routes = RouteTable.forTests(router)
        LedgerRoutes(store: fixture.store, clock: time.clock, flush: {}).register(in: routes)
        try routes.validate()
        return try await Application(router: router).test(.router) { client in
            let response = try await client.execute(uri: "/api/martlet/v1/ledger\(path)", method: .get)
            return (response.status.code, String(buffer: response.body))
        }
    }

    private func filled(_ count: Int) async throws -> LedgerFixture {
        let fixture = try await LedgerFixture()
        var records = (0..<count).map { index in
            LedgerFixture.record("r\(index)", at: Int64(index), features: [Float(index), LedgerRecord.redacted])
        }
        records[0].id = "=1+1"
        try await fixture.insert(records)
        _ = try await fixture.label("r1", "malignant")
        return fixture
    }

    @Test("An export has every row however many, in both forms; a formula becomes text, a redacted value a mark")
    func export() async throws {
        let count = LedgerLimits.exportedRows + 5
        let fixture = try await filled(count)
        let sheet = try await get(fixture, "/export?deployment=cancer&order=oldest")
        let lines = sheet.text.split(separator: "\r\n")
        #expect(sheet.status == 200 && lines.count == count + 1)
        #expect(lines[0].hasSuffix("features.age,features.mean radius"))
        #expect(lines[1].hasPrefix("'=1+1,2026-01-01T00:00:00.000Z,cancer,1,stable,"))
        #expect(lines[1].hasSuffix("0.0,[redacted]"))
        #expect(lines[2].contains(",malignant,false,"))
        let json = try await get(fixture, "/export?deployment=cancer&format=jsonl&filter=labelled")
        #expect(try JSONValue.parse(json.text.dropLast().description)["redacted"] == ["mean radius"])
    }

    @Test("Pages, groups, hours, one row and totals")
    func reading() async throws {
        let fixture = try await filled(5)
        let page = try JSONValue.parse(try await get(fixture, "?deployment=cancer&limit=2").text)
        let token = try #require(page["next_page_token"]?.stringValue)
        let next = try JSONValue.parse(try await get(fixture, "?deployment=cancer&limit=2&page_token=\(token)").text)
        #expect(next["items"]?.arrayValue?.map { $0["request_id"] } == ["r2", "r1"])
        #expect(try await get(fixture, "?deployment=cancer&order=oldest&page_token=\(token)").status == 400)
        let groups = try JSONValue.parse(try await get(fixture, "?deployment=cancer&group=prediction,hour").text)
        #expect(groups["items"]?.arrayValue?.map { $0["rows"] } == [5])
        let hours = try JSONValue.parse(try await get(fixture, "/hours?deployment=cancer").text)
        #expect(hours["items"]?.arrayValue?.first?["accuracy"]?.doubleValue == 0)
        let row = try JSONValue.parse(try await get(fixture, "/rows/r1").text)
        #expect(row["labels"]?.arrayValue?.count == 1 && row["features"]?["age"]?.doubleValue == 1)
        let totals = try JSONValue.parse(try await get(fixture, "/totals").text)
        #expect(totals["items"]?.arrayValue?.first?["rows"] == 5 && totals["pending_labels"] == 0)
    }

    @Test(
        "What cannot be answered says why",
        arguments: [
            ("", 400, "'deployment' is missing"), ("?deployment=cancr", 404, "did you mean 'cancer'"),
            ("?deployment=cancer&fliter=wrong", 400, "did you mean 'filter'"),
            ("?deployment=cancer&filter=version%20%3D", 400, "position 10"),
            ("?deployment=cancer&since=soon", 400, "'since' must be a time"),
            ("?deployment=cancer&since=1h&until=2h", 400, "must lie before"),
            ("?deployment=cancer&order=random", 400, "newest or oldest"),
            ("?deployment=cancer&group=version,version", 400, "each once"),
            ("?deployment=cancer&limit=1001", 400, "'limit'"), ("?deployment=cancer&page_token=x", 400, "token"),
            ("/export?deployment=cancer&format=parquet", 400, "csv or jsonl"),
            ("/rows/none", 404, "no prediction 'none'"),
        ]
    )
    func refusals(path: String, status: Int, reason: String) async throws {
        let answer = try await get(try await filled(2), path)
        #expect(answer.status == status && answer.text.contains(reason), "\(answer.text)")
    }

    @Test(
        "Times as people write them",
        arguments: [
            ("1767225600000", 1_767_225_600_000), ("2026-01-01", 1_767_225_600_000),
            ("2026-01-01T00:00:00.25Z", 1_767_225_600_250), ("2026-01-01T01:00+01:00", 1_767_225_600_000),
            ("2024-02-29 12:30", 1_709_209_800_000), ("1970-01-01T00:00:00Z", 0), ("2023-02-29", nil),
            ("2026-13-01", nil), ("2026-01-01T25:00", nil), ("2026-1-1", nil), ("", nil),
            ("2026-01-01T00:00:00.Z", nil),
        ] as [(String, Int64?)]
    )
    func times(text: String, milliseconds: Int64?) {
        #expect(LedgerTime.parse(text)?.milliseconds == milliseconds)
    }
}
