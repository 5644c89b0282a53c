import Core
import Datasets
import TestSupport
import Testing

/// Each limit of the module, at it and one past it.
@Suite(.overEveryDatabase)
struct DatasetsLimitsTests {
    /// Whether a declaration with these members is accepted.
    private func accepts(name: String = "d", _ members: JSONObject) -> Bool {
        var dataset: JSONObject = ["source": ["file": "x.csv"]]
        for (key, value) in members.pairs { dataset[key] = value }
        do {
            _ = try DatasetSpec.parse(name: name, .object(dataset))
            return true
        } catch {
            return false
        }
    }

    private func text(_ length: Int) -> String {
        String(repeating: "x", count: length)
    }

    private func names(_ count: Int) -> JSONValue {
        .array((0..<count).map { .string("n\($0)") })
    }

    @Test func names() {
        #expect(accepts(name: text(DatasetsLimits.nameBytes), [:]))
        #expect(!accepts(name: text(DatasetsLimits.nameBytes + 1), [:]))
        #expect(accepts(["columns": [.string(text(DatasetsLimits.columnNameBytes))]]))
        #expect(!accepts(["columns": [.string(text(DatasetsLimits.columnNameBytes + 1))]]))
    }

    @Test func listsOfTheDeclaration() {
        let target = { (count: Int) -> JSONValue in ["column": "x", "classes": names(count)] }
        #expect(accepts(["target": target(DatasetsLimits.classes)]))
        #expect(!accepts(["target": target(DatasetsLimits.classes + 1)]))
        let checks = { (count: Int) in JSONValue.array(Array(repeating: ["nulls": 0], count: count)) }
        #expect(accepts(["checks": checks(DatasetsLimits.checks)]))
        #expect(!accepts(["checks": checks(DatasetsLimits.checks + 1)]))
        let split = { (count: Int) -> JSONValue in
            .object(JSONObject((0..<count).map { ("p\($0)", .number(1 / Double(count))) }))
        }
        #expect(accepts(["split": split(DatasetsLimits.splitParts)]))
        #expect(!accepts(["split": split(DatasetsLimits.splitParts + 1)]))
    }

    @Test func numbersOfTheSource() throws {
        let source = { (key: String, value: Int64) -> JSONObject in
            ["source": .object(["file": "x.csv", key: .integer(value)])]
        }
        #expect(accepts(source("block_rows", DatasetsLimits.blockRows)))
        #expect(!accepts(source("block_rows", DatasetsLimits.blockRows + 1)))
        #expect(accepts(source("skip_lines", DatasetsLimits.skipLines)))
        #expect(!accepts(source("skip_lines", DatasetsLimits.skipLines + 1)))
        let plain = try DatasetSpec.parse(name: "d", ["source": ["file": "x.csv"]])
        #expect(plain.source?.blockRows == Int(DatasetsLimits.defaultBlockRows))
    }

    @Test func columnsWhoseNamesAreCutInSQLStayApart() async throws {
        let store = try await DatasetFixture().store
        let long = text(DatasetsLimits.identifierBytes)
        let table = try Table(columns: [
            Column(name: long + "a", values: .numbers([1])), Column(name: long + "b", values: .numbers([2])),
            Column(name: long, values: .numbers([3])),
        ])
        _ = try await store.replaceRows("long", table: table)
        #expect(try await store.rows("long") == table)
    }

    @Test func filesLargerThanOneReadKeepEveryRecordWhole() async throws {
        let fixture = try await DatasetFixture()
        let rows = (0..<3000).map { "\($0),\"\(text($0 % 300))\"" }
        let file = "n,t\n" + rows.joined(separator: "\n") + "\n"
        #expect(file.utf8.count > DatasetsLimits.readBytes)
        try fixture.write(file)
        try await fixture.apply(["d": ["source": ["file": "data.csv", "block_rows": 700]]])
        #expect(try await fixture.store.ingest("d").newBlocks == 5)
        let table = try await fixture.store.rows("d")
        #expect(table["n"]?.numbers == (0..<3000).map(Double.init))
        #expect(table["t"]?.missingCount == 10)
    }

    @Test func tablesThatDoNotFitInMemoryAreRefused() throws {
        let rows = DatasetsLimits.tableCells / 10
        try DatasetRows.requireFits(rows: rows, columns: 10, dataset: "d")
        #expect(throws: MartletError.self) { try DatasetRows.requireFits(rows: rows + 1, columns: 10, dataset: "d") }
        #expect(throws: MartletError.self) { try DatasetRows.requireFits(rows: .max, columns: 10, dataset: "d") }
    }

    @Test func tooManyRowsAtOnceAreRefused() async throws {
        let store = try await DatasetFixture().store
        let values = [Double](repeating: 1, count: DatasetsLimits.appendRows + 1)
        let table = try Table(columns: [Column(name: "x", values: .numbers(values))])
        #expect(await failure(.resourceExhausted) { _ = try await store.replaceRows("d", table: table) } == nil)
    }

    @Test func failedChecksNameTheFirstRowsOnly() async throws {
        let fixture = try await DatasetFixture()
        try fixture.write("x\n" + (0..<20).map { "\($0)" }.joined(separator: "\n"))
        try await fixture.apply(["d": ["source": ["file": "data.csv"], "checks": [["column": "x", "min": 15]]]])
        _ = try await fixture.store.ingest("d")
        #expect(await failure(.failedPrecondition, "15 values") { _ = try await fixture.store.check("d") } == nil)
        let rows = try await fixture.store.dataset("d").checks.last?.rows
        #expect(rows == (1...Int64(DatasetsLimits.exampleRows)).map { $0 })
    }
}
