import Core
import Datasets
import TestSupport
import Testing

/// APIs in pages: numbers, cursors, links, groups and days; what is slow, broken, endless or on another server.
@Suite(.overEveryDatabase)
struct HTTPIngestTests {
    private func ingest(
        _ api: PagedAPI,
        _ http: JSONObject,
        _ more: JSONObject = [:],
        on fixture: DatasetFixture? = nil,
        blockRows: Int64 = 5
    ) async throws -> (store: DatasetStore, report: IngestReport) {
        let own = fixture == nil ? try await DatasetFixture() : nil
        guard let fixture = fixture ?? own else { throw CancellationError() }
        let store = DatasetStore(database: fixture.database, clock: fixture.clock.clock, sources: api.sources)
        var source = http
        source["url"] = source["url"] ?? "https://api.example.com/v1/readings"
        var dataset: JSONObject = ["source": ["http": .object(source), "block_rows": .integer(blockRows)]]
        for (key, value) in more.pairs { dataset[key] = value }
        try await store.apply([DatasetSpec.parse(name: "d", .object(dataset))], directory: fixture.directory)
        return (store, try await store.ingest("d"))
    }

    private static let numbered: JSONObject = [
        "rows": "/data/items", "page": ["size": 4, "size_parameter": "per_page"],
        "headers": ["Authorization": "Bearer ${secrets.TOKEN}"], "retries": 2,
    ]

    private static func page(_ query: [String: String], total: Int = 10) -> DatasetSources.Reply {
        let page = Int(query["page"] ?? "") ?? 1
        let first = (page - 1) * 4
        return PagedAPI.json(["data": ["items": PagedAPI.rows(first, min(4, total - first))]])
    }

    @Test func readsNumberedPagesWithSecrets() async throws {
        let api = PagedAPI { query, _ in Self.page(query) }
        let fixture = try await DatasetFixture()
        let (store, report) = try await ingest(api, Self.numbered, on: fixture)
        #expect(report.rows == 10)
        #expect(report.newBlocks == 2)
        #expect(report.source.bytes > 0)
        let table = try await store.rows("d")
        #expect(table["id"]?.numbers == (0..<10).map(Double.init))
        #expect(table["ok"]?.numbers == (0..<10).map { $0 % 2 == 0 ? 1 : 0 })
        #expect(api.requests.count == 3)
        #expect(api.requests[1] == "/v1/readings?page=2&per_page=4")
        #expect(api.sentHeaders[0]["Authorization"] == "Bearer s3cret-TOKEN")
        // A whole that was read is read anew, to the same content.
        let again = try await store.ingest("d")
        #expect(again.startedAnew)
        #expect(again.version == report.version)
        withExtendedLifetime(fixture) {}
    }

    @Test func goesOnAtTheBlockAfterAFailureInTheMiddle() async throws {
        let fixture = try await DatasetFixture()
        let broken = PagedAPI { query, _ in
            if query["page"] == "3" { return PagedAPI.json([:], status: 400) }
            return Self.page(query)
        }
        #expect(
            await failure(.failedPrecondition, "status 400") {
                _ = try await ingest(broken, Self.numbered, on: fixture)
            } == nil
        )
        #expect(try await fixture.store.dataset("d").summary.rawRows == 8)
        let whole = PagedAPI { query, _ in Self.page(query) }
        let (store, report) = try await ingest(whole, Self.numbered, on: fixture)
        #expect(whole.requests == ["/v1/readings?page=3&per_page=4"])
        #expect(report.resumedAtRow == 8)
        #expect(try await store.rows("d")["id"]?.numbers == (0..<10).map(Double.init))
    }

    @Test func followsCursorsAndLinks() async throws {
        let cursors = PagedAPI { query, _ in
            let first = Int(query["after"] ?? "0") ?? 0
            return PagedAPI.json(["items": PagedAPI.rows(first, 3), "next": first < 6 ? .int(first + 3) : .null])
        }
        let paged: JSONObject = ["rows": "/items", "cursor": ["parameter": "after", "pointer": "/next"]]
        #expect(try await ingest(cursors, paged).report.rows == 9)
        let links = PagedAPI { query, _ in
            let page = Int(query["p"] ?? "0") ?? 0
            let link = "</v1/readings?p=\(page + 1)>; rel=\"next\", </x>; rel=\"last\""
            return PagedAPI.json(PagedAPI.rows(page * 2, 2), page < 2 ? [("Link", link)] : [])
        }
        #expect(try await ingest(links, ["next": "link"]).report.rows == 6)
        let addresses = PagedAPI { query, _ in
            let page = Int(query["p"] ?? "0") ?? 0
            let next: JSONValue = page < 2 ? .string("https://api.example.com/v1/readings?p=\(page + 1)") : nil
            return PagedAPI.json(["rows": PagedAPI.rows(page * 2, 2), "next": next])
        }
        #expect(try await ingest(addresses, ["rows": "/rows", "next": "/next"]).report.rows == 6)
    }

    @Test func asksForGroupsAndDaysAndLaterForNewDaysOnly() async throws {
        let fixture = try await DatasetFixture()
        let api = PagedAPI { query, count in
            PagedAPI.json([
                ["id": .int(count), "day": .string(query["date"] ?? ""), "g": .string(query[":path"] ?? "")]
            ])
        }
        let http: JSONObject = [
            "url": "https://api.example.com/v1/{group}", "groups": ["values": ["a", "b c"]],
            "dates": ["parameter": "date", "from": "2026-01-30", "to": "2026-02-01"],
        ]
        let (_, report) = try await ingest(api, http, on: fixture)
        #expect(report.rows == 6)
        #expect(
            api.requests.prefix(3) == ["/v1/a?date=2026-01-30", "/v1/b%20c?date=2026-01-30", "/v1/a?date=2026-01-31"]
        )
        var longer = http
        longer["dates"] = ["parameter": "date", "from": "2026-01-30", "to": "2026-02-02"]
        let (store, second) = try await ingest(api, longer, on: fixture)
        #expect(second.resumedAtRow == 6)
        #expect(api.requests.count == 8)
        #expect(
            try await store.rows("d")["day"]?.values
                == .strings(
                    [
                        "2026-01-30", "2026-01-30", "2026-01-31", "2026-01-31", "2026-02-01", "2026-02-01",
                        "2026-02-02", "2026-02-02",
                    ]
                )
        )
    }

    @Test func waitsAsLongAsItIsToldAndTriesAgain() async throws {
        let fixture = try await DatasetFixture()
        let api = PagedAPI { query, count in
            switch count {
            case 1: PagedAPI.json([:], status: 429, [("Retry-After", "7")])
            case 2: throw MartletError(.unavailable, "cut off")
            default: Self.page(query, total: 3)
            }
        }
        let waited = SleepLog()
        let clock = Clock(now: { Timestamp(milliseconds: 0) }, sleep: { waited.add($0) })
        let store = DatasetStore(database: fixture.database, clock: clock, sources: api.sources)
        var http = Self.numbered
        http["url"] = "https://api.example.com/v1/readings"
        let spec = try DatasetSpec.parse(name: "d", ["source": ["http": .object(http)]])
        try await store.apply([spec], directory: fixture.directory)
        #expect(try await store.ingest("d").rows == 3)
        #expect(waited.all.first == .seconds(7))
        #expect(waited.all.count == 2)
        let down = PagedAPI { _, _ in PagedAPI.json([:], status: 503) }
        let other = DatasetStore(database: fixture.database, clock: clock, sources: down.sources)
        #expect(await failure(.unavailable, "503", "3 times") { _ = try await other.ingest("d") } == nil)
        #expect(down.requests.count == 3)
        let patient = PagedAPI { _, _ in
            PagedAPI.json([:], status: 429, [("Retry-After", "\(DatasetsLimits.retryAfterSeconds + 1)")])
        }
        let last = DatasetStore(database: fixture.database, clock: clock, sources: patient.sources)
        #expect(await failure(.unavailable, "left alone") { _ = try await last.ingest("d") } == nil)
    }

    @Test func recognisesPagesThatComeAgain() async throws {
        // The second page comes twice, as when rows move while they are read.
        let once = PagedAPI { query, _ in
            let page = Int(query["page"] ?? "1") ?? 1
            return PagedAPI.json(PagedAPI.rows(min(page, 4) == 3 ? 2 : (page - 1) * 2, page > 4 ? 0 : 2))
        }
        let fixture = try await DatasetFixture()
        let (store, _) = try await ingest(once, ["page": [:]], on: fixture)
        #expect(try await store.rows("d")["id"]?.numbers == [0, 1, 2, 3, 6, 7])
        withExtendedLifetime(fixture) {}
        let stuck = PagedAPI { _, _ in PagedAPI.json(PagedAPI.rows(0, 2)) }
        #expect(
            await failure(.failedPrecondition, "again and again") { _ = try await ingest(stuck, ["page": [:]]) } == nil
        )
        let circle = PagedAPI { query, count in
            PagedAPI.json(["items": PagedAPI.rows(count * 2, 2), "next": .string(query["cursor"] == "a" ? "b" : "a")])
        }
        let cursor: JSONObject = ["rows": "/items", "cursor": ["pointer": "/next"]]
        #expect(await failure(.failedPrecondition, "circle") { _ = try await ingest(circle, cursor) } == nil)
        let still = PagedAPI { _, count in PagedAPI.json(["items": PagedAPI.rows(count, 1), "next": "same"]) }
        #expect(await failure(.failedPrecondition, "circle") { _ = try await ingest(still, cursor) } == nil)
        #expect(still.requests.count == 2)
    }

    @Test func neverReadsForever() async throws {
        let endless = PagedAPI { _, count in PagedAPI.json(PagedAPI.rows(count, 1)) }
        #expect(
            await failure(.resourceExhausted, "not ended after 12 pages") {
                _ = try await ingest(endless, ["page": [:], "max_pages": 12])
            } == nil
        )
        #expect(endless.requests.count == 12)
    }

    @Test(arguments: [
        ("text/html", "<html>", "text/html"), ("application/json; charset=iso-8859-1", "[]", "iso-8859-1"),
        ("application/json", "{\"data\": 1}", "no list of rows"), ("application/json", "[1]", "a whole number"),
        ("application/json", "[{\"a\":1}", "broken JSON"), ("application/json", "\u{FEFF}[", "broken JSON"),
        ("image/png", "[]", "image/png"),
    ])
    func refusesWhatIsNoPage(_ type: String, _ body: String, _ words: String) async throws {
        let api = PagedAPI { _, _ in
            DatasetSources.Reply(status: 200, headers: [("content-type", type)], body: Array(body.utf8))
        }
        await #expect { _ = try await ingest(api, [:]) } throws: { "\($0)".contains(words) }
    }

    @Test func refusesOtherServersEncodingsAndHugeRows() async throws {
        let leads = PagedAPI { _, _ in
            PagedAPI.json(["items": PagedAPI.rows(0, 1), "next": "http://169.254.169.254/latest"])
        }
        let next: JSONObject = ["rows": "/items", "next": "/next"]
        #expect(await failure(.permissionDenied, "another server") { _ = try await ingest(leads, next) } == nil)
        #expect(leads.requests.count == 1)
        let cut = PagedAPI { _, _ in DatasetSources.Reply(status: 200, headers: [], body: [0x5B], isCut: true) }
        #expect(
            await failure(.payloadTooLarge, "\(DatasetsLimits.pageBytes)") { _ = try await ingest(cut, [:]) } == nil
        )
        for bytes: [UInt8] in [[0xFF, 0xFE, 0x5B, 0], [0x5B, 0x22, 0xE9, 0x22, 0x5D]] {
            let encoded = PagedAPI { _, _ in DatasetSources.Reply(status: 200, headers: [], body: bytes) }
            #expect(await failure(.unsupportedMediaType, "UTF-8") { _ = try await ingest(encoded, [:]) } == nil)
        }
        let row = { (size: Int) -> PagedAPI in
            let text = String(repeating: "x", count: size)
            return PagedAPI { _, _ in PagedAPI.json([["t": .string(text)]]) }
        }
        #expect(try await ingest(row(DatasetsLimits.recordBytes), [:]).report.rows == 1)
        #expect(
            await failure(.invalidArgument, "Row 1") { _ = try await ingest(row(DatasetsLimits.recordBytes + 1), [:]) }
                == nil
        )
        let zipped = PagedAPI { _, _ in PagedAPI.json([], [("Content-Encoding", "gzip")]) }
        #expect(await failure(.unsupportedMediaType, "gzip") { _ = try await ingest(zipped, [:]) } == nil)
    }

    @Test func rowsWithAKeyAreKeptOnceAndTheNewestWins() async throws {
        let fixture = try await DatasetFixture()
        let first = PagedAPI { _, _ in PagedAPI.json([["id": 1, "v": 1], ["id": 2, "v": 2], ["id": 1, "v": 3]]) }
        let (store, report) = try await ingest(first, [:], ["key": ["id"]], on: fixture)
        #expect(report.rows == 2)
        #expect(try await store.rows("d")["v"]?.numbers == [3, 2])
        let second = PagedAPI { _, _ in PagedAPI.json([["id": 2, "v": 9], ["id": 3, "v": 4], ["id": 1, "v": 3]]) }
        let (later, changed) = try await ingest(second, [:], ["key": ["id"]], on: fixture)
        #expect(changed.rows == 3)
        #expect(changed.updatedRows == 1)
        #expect(!changed.startedAnew)
        #expect(try await later.rows("d")["v"]?.numbers?.sorted() == [3, 4, 9])
        let same = try await later.ingest("d")
        #expect(same.updatedRows == 0)
        #expect(same.version == changed.version)
        let keyless = PagedAPI { _, _ in PagedAPI.json([["v": 1]]) }
        #expect(
            await failure(.invalidArgument, "id") {
                _ = try await ingest(keyless, [:], ["key": ["id"], "drift": "ignore"], on: fixture)
            } == nil
        )
    }
}

/// How long was slept.
final class SleepLog: Sendable {
    private let durations = Locked<[Duration]>([])

    var all: [Duration] { durations.value }

    func add(_ duration: Duration) { durations.change { $0.append(duration) } }
}
