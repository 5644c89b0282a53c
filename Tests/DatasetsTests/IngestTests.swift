import Core
import Datasets
import Foundation
import Storage
import TestSupport
import Testing

/// Ingestion: blocks, cursor, resumption, changed files, malformed files.
@Suite(.overEveryDatabase)
struct IngestTests {
    struct Stop: Error {}

    @Test func readsTypedTrimmedRows() async throws {
        let fixture = try await DatasetFixture()
        try fixture.write(DatasetFixture.flowers)
        try await fixture.applyFlowers()
        let report = try await fixture.store.ingest("flowers")
        #expect(report.rows == 5)
        #expect(report.newBlocks == 3)
        #expect(report.invalidCells == 0)
        let table = try await fixture.store.rows("flowers")
        #expect(table.columns.map(\.name) == ["petal length", "petal.width", "species"])
        #expect(table["petal length"]?.numbers == [1.5, 1.4, 5.1, 5.9, 6.3])
        #expect(table["petal.width"]?.missingCount == 1)
        #expect(table["species"]?.values == .integers([0, 0, 1, 1, 1]))
        let raw = try await fixture.store.rows("flowers", stage: .raw)
        #expect(raw["petal.width"]?.values == .strings([" 0.2", "", "1.9", "2.1", "1.8"]))
    }

    @Test func tablesAreRealAndNamedForTheDataset() async throws {
        let fixture = try await DatasetFixture()
        try fixture.write(DatasetFixture.flowers)
        try await fixture.applyFlowers()
        _ = try await fixture.store.ingest("flowers")
        let row = try await fixture.database.read { connection in
            try connection.first("SELECT petal_length, petal_width FROM clean_flowers WHERE row_id = 3")
        }
        #expect(row?.optionalDouble("petal_length") == 5.1)
        #expect(row?.optionalDouble("petal_width") == 1.9)
    }

    @Test(arguments: 1...6)
    func stoppedAfterAnyBlockItResumesWithoutLossOrRepeat(stopAfter: Int) async throws {
        let fixture = try await DatasetFixture()
        try fixture.write(DatasetFixture.flowers)
        try await fixture.applyFlowers(blockRows: 2)
        let counter = Counter()
        await #expect(throws: Stop.self) {
            _ = try await fixture.store.ingest("flowers") { _ in if counter.next() == stopAfter { throw Stop() } }
        }
        let taken = try await fixture.store.dataset("flowers").summary
        #expect(taken.rawRows == Int64(min(5, stopAfter * 2)))
        #expect(taken.version == nil)
        let report = try await fixture.store.ingest("flowers")
        #expect(report.resumedAtRow == taken.rawRows)
        #expect(report.newBlocks == 3 - Int64(min(3, stopAfter)))
        #expect(!report.startedAnew)
        let resumed = try await fixture.store.rowSet("flowers")
        #expect(resumed.ids == [1, 2, 3, 4, 5])

        let whole = try await DatasetFixture()
        try whole.write(DatasetFixture.flowers)
        try await whole.applyFlowers(blockRows: 50)
        #expect(try await whole.store.ingest("flowers").version == report.version)
        #expect(try await whole.store.rowSet("flowers").ids == resumed.ids)
    }

    @Test func anUnchangedFileIsNotReadAgain() async throws {
        let fixture = try await DatasetFixture()
        try fixture.write(DatasetFixture.flowers)
        try await fixture.applyFlowers()
        let first = try await fixture.store.ingest("flowers")
        let second = try await fixture.store.ingest("flowers")
        #expect(second.newBlocks == 0)
        #expect(second.resumedAtRow == 5)
        #expect(second.version == first.version)
    }

    @Test func rowsAppendedToTheFileAreTakenUp() async throws {
        let fixture = try await DatasetFixture()
        try fixture.write(DatasetFixture.flowers)
        try await fixture.applyFlowers()
        let first = try await fixture.store.ingest("flowers")
        try fixture.write(DatasetFixture.flowers + "4.9,1.5,virginica\n")
        let second = try await fixture.store.ingest("flowers")
        #expect(second.resumedAtRow == 5)
        #expect(second.rows == 6)
        #expect(!second.startedAnew)
        #expect(second.version != first.version)
    }

    @Test func aChangedFileIsReadAnew() async throws {
        let fixture = try await DatasetFixture()
        try fixture.write(DatasetFixture.flowers)
        try await fixture.applyFlowers()
        _ = try await fixture.store.ingest("flowers")
        try fixture.write(DatasetFixture.flowers.replacingOccurrences(of: "1.5,", with: "1.6,"))
        let second = try await fixture.store.ingest("flowers")
        #expect(second.startedAnew)
        #expect(second.resumedAtRow == 0)
        #expect(try await fixture.store.rows("flowers")["petal length"]?.numbers == [1.6, 1.4, 5.1, 5.9, 6.3])
    }

    @Test func aLastLineThatGrewIsReadAnew() async throws {
        let fixture = try await DatasetFixture()
        try fixture.write(DatasetFixture.header + "1.5,0.2,setosa\n5.1,1.9,1")
        try await fixture.applyFlowers()
        #expect(try await fixture.store.ingest("flowers").rows == 2)
        try fixture.write(DatasetFixture.header + "1.5,0.2,setosa\n5.1,1.9,1\n5.9,2.1,1\n")
        let grown = try await fixture.store.ingest("flowers")
        #expect(!grown.startedAnew && grown.rows == 3)
        try fixture.write(DatasetFixture.header + "1.5,0.2,setosa\n5.1,1.9,1\n5.9,2.1,1\n6.3,1.8,0")
        #expect(try await fixture.store.ingest("flowers").rows == 4)
        try fixture.write(DatasetFixture.header + "1.5,0.2,setosa\n5.1,1.9,1\n5.9,2.1,1\n6.3,1.8,01\n")
        #expect(try await fixture.store.ingest("flowers").startedAnew)
    }

    @Test func quotedFieldsKeepLineEndsAndCommas() async throws {
        let fixture = try await DatasetFixture()
        try fixture.write("name,note\r\n\"a, b\",\"two\nlines \"\"quoted\"\"\"\r\n\r\nc,d\r\n")
        try await fixture.apply(["notes": ["source": ["file": "data.csv", "block_rows": 1]]])
        #expect(try await fixture.store.ingest("notes").rows == 2)
        let table = try await fixture.store.rows("notes")
        #expect(table["name"]?.values == .strings(["a, b", "c"]))
        #expect(table["note"]?.values == .strings(["two\nlines \"quoted\"", "d"]))
    }

    @Test func aHeaderGivesNamesAndTypes() async throws {
        let fixture = try await DatasetFixture()
        try fixture.write("\u{FEFF}x,kind,x!\n1,a,NA\n2.5,b,4\n")
        try await fixture.apply(["plain": ["source": ["file": "data.csv"]]])
        _ = try await fixture.store.ingest("plain")
        let detail = try await fixture.store.dataset("plain")
        #expect(detail.columns.map(\.column.name) == ["x", "kind", "x!"])
        #expect(detail.columns.map(\.column.kind) == [.number, .string, .number])
        #expect(detail.columns.map(\.nulls) == [0, 0, 1])
        #expect(detail.columns.map(\.mean) == [1.75, nil, 4])
    }

    @Test func malformedFilesAreNamed() async throws {
        let fixture = try await DatasetFixture()
        try await fixture.applyFlowers()
        #expect(await failure(.notFound, "'data.csv'") { _ = try await fixture.store.ingest("flowers") } == nil)
        try fixture.write(DatasetFixture.header + "1,2,setosa\n1,2,setosa\n1,2\n")
        #expect(
            await failure(.invalidArgument, "Row 3", "2 fields", "expected 3") {
                _ = try await fixture.store.ingest("flowers")
            } == nil
        )
        #expect(try await fixture.store.dataset("flowers").summary.rawRows == 2)
        try fixture.write(DatasetFixture.header + "1,2,setosa\n1,2,setosa\n1,2,setosa\n")
        #expect(try await fixture.store.ingest("flowers").resumedAtRow == 2)
        try fixture.write("petal length,width,species\n1,2,setosa\n")
        #expect(
            await failure(.invalidArgument, "'width'", "'petal.width'") {
                _ = try await fixture.store.ingest("flowers")
            }
                == nil
        )
        try fixture.write("")
        #expect(await failure(.invalidArgument, "header") { _ = try await fixture.store.ingest("flowers") } == nil)
        try fixture.write(DatasetFixture.header + "\"1,2,setosa\n")
        #expect(await failure(.invalidArgument, "quote") { _ = try await fixture.store.ingest("flowers") } == nil)
        try Data(Array(DatasetFixture.header.utf8) + [0x31, 0xFF, 0x0A])
            .write(to: URL(fileURLWithPath: fixture.directory + "/data.csv"))
        #expect(await failure(.invalidArgument, "UTF-8") { _ = try await fixture.store.ingest("flowers") } == nil)
    }

    @Test func linksOutOfTheManifestsDirectoryAreRefused() async throws {
        let fixture = try await DatasetFixture()
        let outside = FileManager.default.temporaryDirectory.path + "/martlet-outside-\(Identifier.random()).csv"
        try Data(DatasetFixture.flowers.utf8).write(to: URL(fileURLWithPath: outside))
        defer { try? FileManager.default.removeItem(atPath: outside) }
        try FileManager.default.createSymbolicLink(
            atPath: fixture.directory + "/data.csv",
            withDestinationPath: outside
        )
        try await fixture.applyFlowers()
        #expect(
            await failure(.permissionDenied, "outside") { _ = try await fixture.store.ingest("flowers") } == nil
        )
    }

    @Test func recordsAreBounded() async throws {
        let fixture = try await DatasetFixture()
        try fixture.write("x\n" + String(repeating: "1", count: CoreLimits.csvFieldBytes) + "\n")
        try await fixture.apply(["long": ["source": ["file": "data.csv"]]])
        #expect(try await fixture.store.ingest("long").rows == 1)
        try fixture.write("x\n" + String(repeating: "1", count: CoreLimits.csvFieldBytes + 1) + "\n")
        #expect(await failure(.invalidArgument, "line 2") { _ = try await fixture.store.ingest("long") } == nil)
        try fixture.write("x\n\"" + String(repeating: "a\n", count: DatasetsLimits.recordBytes))
        #expect(await failure(.invalidArgument, "longer than") { _ = try await fixture.store.ingest("long") } == nil)
    }

    @Test func aNewDeclarationOfTheSourceDropsTheRows() async throws {
        let fixture = try await DatasetFixture()
        try fixture.write(DatasetFixture.flowers)
        try await fixture.applyFlowers()
        _ = try await fixture.store.ingest("flowers")
        try await fixture.applyFlowers(blockRows: 3, checks: [["duplicates": 0]])
        #expect(try await fixture.store.dataset("flowers").summary.cleanRows == 5)
        try await fixture.apply(["flowers": ["source": ["file": "data.csv", "missing": ["-"]]]])
        #expect(try await fixture.store.dataset("flowers").summary.cleanRows == 0)
        #expect(
            await failure(.failedPrecondition, "data.ingest") { _ = try await fixture.store.rows("flowers") } == nil
        )
    }
}
