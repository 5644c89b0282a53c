import Core
import Datasets
import Foundation
import TestSupport
import Testing

/// The limits of sources and of writing rows, at them and one past them.
@Suite("Limits of sources")
struct SourceLimitsTests {
    private func accepts(_ dataset: JSONObject) -> Bool {
        do {
            _ = try DatasetSpec.parse(name: "d", .object(dataset))
            return true
        } catch {
            return false
        }
    }

    private func http(_ more: JSONObject) -> JSONObject {
        var section: JSONObject = ["url": "https://api.example.com/v1"]
        for (key, value) in more.pairs { section[key] = value }
        return ["source": ["http": .object(section)]]
    }

    @Test func ofTheDeclaration() {
        let fields = { (count: Int) in JSONValue.object(JSONObject((0..<count).map { ("p\($0)", .string("x")) })) }
        #expect(accepts(http(["query": fields(DatasetsLimits.requestFields)])))
        #expect(!accepts(http(["query": fields(DatasetsLimits.requestFields + 1)])))
        let groups = { (count: Int) in
            ["parameter": "g", "values": .array((0..<count).map { .string("g\($0)") })] as JSONValue
        }
        #expect(accepts(http(["groups": groups(DatasetsLimits.groups)])))
        #expect(!accepts(http(["groups": groups(DatasetsLimits.groups + 1)])))
        #expect(accepts(http(["retries": .int(DatasetsLimits.retries)])))
        #expect(!accepts(http(["retries": .int(DatasetsLimits.retries + 1)])))
        #expect(accepts(http(["max_pages": .integer(DatasetsLimits.pages)])))
        #expect(!accepts(http(["max_pages": .integer(DatasetsLimits.pages + 1)])))
        #expect(accepts(http(["timeout": .int(DatasetsLimits.requestSeconds * 10)])))
        #expect(!accepts(http(["timeout": .int(DatasetsLimits.requestSeconds * 10 + 1)])))
        let key = { (count: Int) -> JSONObject in
            ["source": ["file": "x.csv"], "key": .array((0..<count).map { .string("k\($0)") })]
        }
        #expect(accepts(key(DatasetsLimits.keyColumns)))
        #expect(!accepts(key(DatasetsLimits.keyColumns + 1)))
        let query = { (bytes: Int) -> JSONObject in
            let text = "SELECT 1" + String(repeating: "1", count: bytes - 8)
            return ["source": ["sql": ["url": "sqlite:x.db", "query": .string(text), "order": "id"]]]
        }
        #expect(accepts(query(DatasetsLimits.queryBytes)))
        #expect(!accepts(query(DatasetsLimits.queryBytes + 1)))
    }

    @Test func daysAreCounted() {
        let day = { (days: Int64) in String(Timestamp(milliseconds: days * 86_400_000).iso8601.prefix(10)) }
        let dates = { (days: Int64) in
            ["parameter": "d", "from": "1970-01-01", "to": .string(day(days - 1))] as JSONValue
        }
        #expect(accepts(http(["dates": dates(DatasetsLimits.dates)])))
        #expect(!accepts(http(["dates": dates(DatasetsLimits.dates + 1)])))
        #expect(!accepts(http(["dates": ["parameter": "d", "from": "1969-12-31"]])))
    }

    @Test func blocksAreWrittenInPiecesAndEndByTheirBytes() async throws {
        let fixture = try await DatasetFixture()
        let count = DatasetsLimits.insertRows * 2 + 1
        #expect(count * 3 < DatasetsLimits.insertValues)
        try fixture.write("x\n" + (0..<count).map { "\($0)\n" }.joined())
        try await fixture.apply(["d": ["source": ["file": "data.csv"]]])
        let report = try await fixture.store.ingest("d")
        #expect(report.newBlocks == 1)
        #expect(try await fixture.store.rows("d")["x"]?.numbers == (0..<count).map(Double.init))
        let cell = String(repeating: "y", count: 512 * 1024)
        let rows = DatasetsLimits.blockBytes / cell.utf8.count + 3
        try fixture.write("t\n" + Array(repeating: cell, count: rows).joined(separator: "\n"))
        try await fixture.apply(["w": ["source": ["file": "data.csv"]]])
        #expect(try await fixture.store.ingest("w").newBlocks == 2)
    }

    @Test func pagesAreRememberedSoFar() async throws {
        // A page that comes again after more pages than are remembered is taken for a new one.
        let far = DatasetsLimits.rememberedPages + 1
        let fixture = try await DatasetFixture()
        let api = PagedAPI { _, asked in
            PagedAPI.json(asked > far + 1 ? [] : PagedAPI.rows(asked == far + 1 ? 1 : asked, 1))
        }
        let store = DatasetStore(database: fixture.database, clock: fixture.clock.clock, sources: api.sources)
        let spec = try DatasetSpec.parse(name: "d", .object(http(["page": [:]])))
        try await store.apply([spec], directory: fixture.directory)
        #expect(try await store.ingest("d").rows == Int64(far + 1))
        #expect(DatasetsLimits.objectBytes > Int64(DatasetsLimits.pageBytes))
    }
}
