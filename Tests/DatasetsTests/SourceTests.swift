import CZlib
import Core
import Datasets
import Foundation
import Storage
import TestSupport
import Testing

/// Files of other kinds, databases, drift of schema, versions, splits and transforms.
@Suite(.overEveryDatabase)
struct SourceTests {
    private func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
        var stream = z_stream()
        let status = deflateInit2_(
            &stream,
            6,
            Z_DEFLATED,
            31,
            8,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        try #require(status == Z_OK)
        defer { deflateEnd(&stream) }
        var input = bytes
        let room = bytes.count + 1024
        return input.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            return [UInt8](unsafeUninitializedCapacity: room) { target, count in
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(room)
                deflate(&stream, Z_FINISH)
                count = room - Int(stream.avail_out)
            }
        }
    }

    private func write(_ bytes: [UInt8], _ name: String, _ fixture: DatasetFixture) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(fixture.directory)/\(name)"))
    }

    @Test func readsJSONLinesAndWhatIsAppended() async throws {
        let fixture = try await DatasetFixture()
        try fixture.write("{\"a\": 1, \"t\": \"x\"}\n\n{\"t\": null, \"a\": 2.5}\n", to: "d.jsonl")
        try await fixture.apply(["d": ["source": ["file": "d.jsonl", "block_rows": 1]]])
        #expect(try await fixture.store.ingest("d").rows == 2)
        try fixture.write(
            "{\"a\": 1, \"t\": \"x\"}\n\n{\"t\": null, \"a\": 2.5}\n{\"a\": 3, \"t\": \"z\"}\n",
            to: "d.jsonl"
        )
        let report = try await fixture.store.ingest("d")
        #expect(report.resumedAtRow == 2)
        #expect(try await fixture.store.rows("d")["a"]?.numbers == [1, 2.5, 3])
        #expect(try await fixture.store.rows("d")["t"]?.values == .strings(["x", nil, "z"]))
        try fixture.write("[1]\n", to: "d.jsonl")
        #expect(await failure(.invalidArgument, "Line 1") { _ = try await fixture.store.ingest("d") } == nil)
    }

    @Test func readsCompressedFilesAndRefusesBombs() async throws {
        let fixture = try await DatasetFixture()
        let text = "n\n" + (0..<40_000).map { "\($0 &* 7919 % 10_007)" }.joined(separator: "\n")
        let packed = try gzip(Array(text.utf8))
        try write(packed, "d.csv.gz", fixture)
        try await fixture.apply(["d": ["source": ["file": "d.csv.gz", "block_rows": 7000]]])
        let counter = Counter()
        struct Stop: Error {}
        await #expect(throws: Stop.self) {
            _ = try await fixture.store.ingest("d") { _ in if counter.next() == 3 { throw Stop() } }
        }
        let report = try await fixture.store.ingest("d")
        #expect(report.resumedAtRow == 21_000)
        #expect(report.rows == 40_000)
        #expect(try await fixture.store.rows("d")["n"]?.numbers?.last == Double(39_999 * 7919 % 10_007))
        try write(Array(packed.dropLast(20)), "d.csv.gz", fixture)
        #expect(await failure(.invalidArgument, "no whole gzip") { _ = try await fixture.store.ingest("d") } == nil)
        try await fixture.apply(["b": ["source": ["file": "bomb.csv.gz"]]])
        var lines = [UInt8](repeating: 0x31, count: 2 * Int(DatasetsLimits.expansionFloor))
        for place in stride(from: 1, to: lines.count, by: 65_536) { lines[place] = 0x0A }
        try write(try gzip(lines), "bomb.csv.gz", fixture)
        #expect(
            await failure(.payloadTooLarge, "\(DatasetsLimits.expansionRatio)") {
                _ = try await fixture.store.ingest("b")
            } == nil
        )
    }

    @Test func readsADatabaseByPagesAndOnlyWhatIsNewLater() async throws {
        let fixture = try await DatasetFixture()
        let old = try Database.open(path: "\(fixture.directory)/old.db")
        try await old.migrate([
            Migration(
                id: "old-1",
                statements: ["CREATE TABLE sales (id INTEGER PRIMARY KEY, price DOUBLE PRECISION, shop TEXT)"]
            )
        ])
        try await old.write { connection in
            for id in 1...25 {
                try connection.execute(
                    "INSERT INTO sales VALUES (?, ?, ?)",
                    [.int(id), .real(Double(id) / 4), .text("s\(id % 3)")]
                )
            }
        }
        try await fixture.apply([
            "d": [
                "source": [
                    "sql": ["url": "sqlite:old.db", "query": "SELECT * FROM sales WHERE id > 5;", "order": "id"],
                    "block_rows": 6,
                ]
            ]
        ])
        let report = try await fixture.store.ingest("d")
        #expect(report.rows == 20)
        #expect(report.newBlocks == 4)
        try await old.write { try $0.execute("INSERT INTO sales VALUES (26, NULL, 'new')") }
        let more = try await fixture.store.ingest("d")
        #expect(more.resumedAtRow == 20)
        #expect(try await fixture.store.rows("d")["id"]?.numbers == (6...26).map(Double.init))
        try await fixture.apply(["e": ["source": ["sql": ["url": "sqlite:old.db", "table": "sales", "order": "shop"]]]])
        #expect(await failure(.failedPrecondition, "unique") { _ = try await fixture.store.ingest("e") } == nil)
        try await fixture.apply([
            "w": ["source": ["sql": ["url": "sqlite:old.db", "query": "DELETE FROM sales", "order": "id"]]]
        ])
        await #expect(throws: MartletError.self) { _ = try await fixture.store.ingest("w") }
        try await fixture.apply([
            "p": ["source": ["sql": ["url": "postgres://u:hidden@10.0.0.1/x", "table": "t", "order": "id"]]]
        ])
        let refusal = await failure(.failedPrecondition, "server") { _ = try await fixture.store.ingest("p") }
        #expect(refusal == nil)
        try await old.close()
    }

    private static func lines(_ count: Int, _ more: (Int) -> String) -> String {
        (0..<count).map { "{\"a\": \($0)\(more($0))}" }.joined(separator: "\n") + "\n"
    }

    @Test(arguments: ["fail", "evolve", "ignore"])
    func driftOfSchemaFollowsThePolicy(_ policy: String) async throws {
        let fixture = try await DatasetFixture()
        let old = Self.lines(12) { ", \"n\": \($0), \"gone\": 1" }
        try fixture.write(old + Self.lines(12) { ", \"n\": \"v\($0)\", \"new\": \($0)" }, to: "d.jsonl")
        try await fixture.apply(["d": ["source": ["file": "d.jsonl", "block_rows": 12], "drift": .string(policy)]])
        if policy == "fail" {
            #expect(
                await failure(.failedPrecondition, "block 2", "drift: evolve") {
                    _ = try await fixture.store.ingest("d")
                } == nil
            )
            #expect(try await fixture.store.dataset("d").summary.rawRows == 12)
        } else {
            let report = try await fixture.store.ingest("d")
            let table = try await fixture.store.rows("d")
            #expect(report.rows == 24)
            #expect(report.invalidCells == (policy == "evolve" ? 0 : 12))
            #expect(table.columns.map(\.name) == ["a", "n", "gone"] + (policy == "evolve" ? ["new"] : []))
            if policy == "evolve" {
                #expect(table["n"]?.values == .strings((0..<12).map { "\($0)" } + (0..<12).map { "v\($0)" }))
                #expect(table["new"]?.missingCount == 12)
            }
            #expect(table["gone"]?.missingCount == 12)
        }
        let events = try await fixture.store.dataset("d").drift
        #expect(Set(events.map { "\($0.kind.rawValue) \($0.column)" }) == ["new new", "missing gone", "retyped n"])
        #expect(events.count <= DatasetsLimits.driftEvents)
    }

    @Test func everyNewContentIsAVersionToldInItsTransaction() async throws {
        let fixture = try await DatasetFixture()
        let told = Locked<[DatasetUpdate]>([])
        let store = DatasetStore(database: fixture.database, clock: fixture.clock.clock) { _, update in
            told.change { $0.append(update) }
        }
        let file = { (rows: Int) in "x\n" + (0..<rows).map { "\($0)\n" }.joined() }
        try fixture.write(file(3))
        try await store.apply(
            [DatasetSpec.parse(name: "d", ["source": ["file": "data.csv"]])],
            directory: fixture.directory
        )
        let first = try await store.ingest("d")
        _ = try await store.ingest("d")
        try fixture.write(file(4))
        let second = try await store.ingest("d")
        #expect(told.value.map(\.version) == [first.version, second.version])
        #expect(told.value.map(\.previous) == [nil, first.version])
        let versions = try await store.dataset("d").versions
        #expect(versions.map(\.rows) == [4, 3])
        #expect(versions[0].sources == [second.source])
        #expect(versions.count <= DatasetsLimits.versions)
    }

    @Test func splitsByClassGroupAndTime() async throws {
        let store = try await DatasetFixture().store
        let count = 300
        let table = try Table(columns: [
            Column(name: "patient", values: .strings((0..<count).map { "p\($0 / 3)" })),
            Column(name: "day", values: .strings((0..<count).map { "2026-01-\(10 + ($0 * 7) % 20)" })),
            Column(name: "y", values: .integers((0..<count).map { Int64($0 % 5 == 0 ? 1 : 0) })),
        ])
        _ = try await store.replaceRows("d", table: table, target: DatasetTarget(column: "y", classes: ["no", "yes"]))
        let parts = ["train", "test"].map { SplitSpec.Part(name: $0, fraction: $0 == "train" ? 0.7 : 0.3) }
        func split(_ spec: SplitSpec) async throws -> [String: DatasetRows] {
            let report = try await store.split("d", by: spec)
            #expect(report.counts.reduce(0, +) == count)
            return [
                "train": try await store.rowSet("d", split: "train"),
                "test": try await store.rowSet("d", split: "test"),
            ]
        }
        let random = try await split(SplitSpec(parts: parts, seed: 3))
        #expect(random["train"]?.ids.count == 210)
        #expect(random["test"]?.table["y"]?.numbers?.reduce(0, +) == 18)
        #expect(try await split(SplitSpec(parts: parts, seed: 3))["test"]?.ids == random["test"]?.ids)
        #expect(try await split(SplitSpec(parts: parts, seed: 4))["test"]?.ids != random["test"]?.ids)
        let grouped = try await split(SplitSpec(parts: parts, stratify: "y", group: "patient", seed: 1))
        func patients(_ rows: DatasetRows?) -> Set<String> {
            guard case .strings(let names)? = rows?.table["patient"]?.values else { return [] }
            return Set(names.compactMap(\.self))
        }
        #expect(patients(grouped["train"]).isDisjoint(with: patients(grouped["test"])))
        #expect(abs((grouped["test"]?.ids.count ?? 0) - 90) <= 6)
        let timed = try await split(SplitSpec(parts: parts, time: "day"))
        func days(_ rows: DatasetRows?) -> [String] {
            guard case .strings(let names)? = rows?.table["day"]?.values else { return [] }
            return names.compactMap(\.self)
        }
        let (last, first) = (days(timed["train"]).max() ?? "", days(timed["test"]).min() ?? "")
        #expect(last < first)
        await #expect(throws: MartletError.self) {
            _ = try await store.split("d", by: SplitSpec(parts: parts, group: "nobody"))
        }
        await #expect(throws: MartletError.self) { _ = try await store.split("d") }
    }

    @Test func theTransformIsFittedOnTrainingRowsAndKept() async throws {
        let fixture = try await DatasetFixture()
        let rows = (0..<40).map { "\($0 < 20 ? $0 : 1000),\(["Rome", "Oslo"][$0 % 2]),\($0 % 2)" }
        try fixture.write("x,city,y\n" + rows.joined(separator: "\n"))
        try await fixture.apply([
            "d": [
                "source": ["file": "data.csv"], "target": ["column": "y", "classes": ["no", "yes"]],
                "transform": [
                    ["scale": ["columns": ["x"], "method": "standard"]],
                    ["encode": ["columns": ["city"], "method": "one_hot"]],
                ],
            ]
        ])
        _ = try await fixture.store.ingest("d")
        let assignments = (1...40).map { (Int64($0), $0 <= 20 ? "train" : "test") }
        try await fixture.store.assignSplit("d", assignments: Dictionary(uniqueKeysWithValues: assignments))
        #expect(
            await failure(.failedPrecondition, "data.transform") { _ = try await fixture.store.transformedRows("d") }
                == nil
        )
        #expect(try await fixture.store.transformPreview("d", limit: 3).isFitted == false)
        let fitted = try await fixture.store.fitTransform("d")
        #expect(fitted.rows == 20)
        #expect(try await fixture.store.transform("d") == fitted)
        let train = try await fixture.store.transformedRows("d", split: "train").table
        #expect(train.columns.map(\.name) == ["x", "city_Oslo", "city_Rome", "y"])
        #expect(abs(train["x"]?.numbers?.reduce(0, +) ?? 1) < 1e-9)
        let test = try await fixture.store.transformedRows("d", split: "test").table
        #expect((test["x"]?.numbers?.min() ?? 0) > 100)
        #expect(try await fixture.store.transformPreview("d", limit: 3).table.rowCount == 3)
    }

    @Test func tablesOfTheFormerLayoutAreRead() async throws {
        let fixture = try await DatasetFixture()
        try fixture.write(DatasetFixture.flowers)
        try await fixture.applyFlowers()
        let version = try await fixture.store.ingest("flowers").version
        let parts = Dictionary(uniqueKeysWithValues: (1...5).map { (Int64($0), "train") })
        try await fixture.store.assignSplit("flowers", assignments: parts)
        try await fixture.database.write { connection in
            try connection.execute("ALTER TABLE raw_flowers RENAME TO dataset_flowers_raw")
            try connection.execute("ALTER TABLE clean_flowers RENAME TO dataset_flowers_clean")
            try connection.execute("ALTER TABLE dataset_flowers_clean RENAME COLUMN dataset TO split")
            try connection.execute("UPDATE datasets SET layout = 1")
        }
        #expect(try await fixture.store.rowSet("flowers", split: "train").ids == [1, 2, 3, 4, 5])
        #expect(try await fixture.store.ingest("flowers").version == version)
        try fixture.write(DatasetFixture.flowers + "9,9,setosa\n")
        #expect(try await fixture.store.ingest("flowers").resumedAtRow == 5)
        try fixture.write(DatasetFixture.header + "9,9,setosa\n")
        #expect(try await fixture.store.ingest("flowers").startedAnew)
        let row = try await fixture.database.read {
            try $0.first("SELECT COUNT(*) AS n FROM clean_flowers WHERE dataset IS NULL")
        }
        #expect(row?.optionalInt("n") == 1)
    }

    @Test(
        arguments: [
            ["http": ["url": "ftp://x/y"]], ["http": ["url": "https://u:p@x/y"]],
            ["http": ["url": "https://x/{group}"]],
            ["http": ["url": "https://{group}.x/", "groups": ["values": ["a"]]]],
            ["http": ["url": "https://x/", "page": [:], "next": "link"]],
            ["http": ["url": "https://x/", "rows": "data"]], ["http": ["url": "https://x/", "headers": ["Host": "y"]]],
            ["http": ["url": "https://x/", "headers": ["A": "b\r\nC: d"]]],
            ["http": ["url": "https://x/", "query": ["k": "${env.HOME}"]]],
            ["http": ["url": "https://x/", "groups": ["parameter": "g", "values": []]]],
            ["http": ["url": "https://x/", "retries": 1000]],
            ["http": ["url": "https://x/", "dates": ["parameter": "d", "from": "2026-02-30"]]],
            ["http": ["url": "https://x/", "dates": ["parameter": "d", "from": "2026-02-03", "to": "2026-02-01"]]],
            ["sql": ["url": "mysql://x/y", "table": "t", "order": "id"]],
            ["sql": ["url": "sqlite:../x.db", "table": "t", "order": "id"]],
            ["sql": ["url": "sqlite:x.db", "order": "id"]], ["sql": ["url": "sqlite:x.db", "table": "t"]],
            ["s3": "http://bucket/key"],
            ["s3": "s3://bucket"], ["file": "x.parquet"], ["file": "x.csv", "format": "parquet"],
            ["file": "x.csv", "s3": "s3://b/k"], [:],
            ["file": "x.jsonl", "header": true],
        ] as [JSONValue]
    )
    func malformedSourcesAreRefused(_ source: JSONValue) {
        #expect(throws: MartletError.self) { try DatasetSpec.parse(name: "d", ["source": source]) }
    }
}
