import Core
import Datasets
import TestSupport
import Testing

/// Splits, appended rows, versions and names.
@Suite(.overEveryDatabase)
struct RowsTests {
    private func flowers() async throws -> DatasetFixture {
        let fixture = try await DatasetFixture()
        try fixture.write(DatasetFixture.flowers)
        try await fixture.applyFlowers()
        _ = try await fixture.store.ingest("flowers")
        return fixture
    }

    @Test func splitsAreStoredAndReadBack() async throws {
        let store = try await flowers().store
        #expect(
            await failure(.failedPrecondition, "split") { _ = try await store.rows("flowers", split: "train") } == nil
        )
        try await store.assignSplit("flowers", assignments: [1: "train", 3: "train", 2: "test"])
        #expect(try await store.rows("flowers", split: "train")["petal length"]?.numbers == [1.5, 5.1])
        #expect(try await store.rowSet("flowers").splits == ["train", "test", "train", nil, nil])
        let parts = try await store.dataset("flowers").splits
        #expect(parts.map(\.name) == ["test", "train"] && parts.map(\.rows) == [1, 2])
        #expect(
            await failure(.notFound, "'validation'", "test, train") {
                _ = try await store.rows("flowers", split: "validation")
            } == nil
        )
        try await store.assignSplit("flowers", assignments: [5: "train"])
        #expect(try await store.rowSet("flowers").splits == [nil, nil, nil, nil, "train"])
    }

    @Test func aSplitOfUnknownRowsChangesNothing() async throws {
        let store = try await flowers().store
        try await store.assignSplit("flowers", assignments: [1: "train"])
        #expect(
            await failure(.notFound, "row 99") { try await store.assignSplit("flowers", assignments: [99: "test"]) }
                == nil
        )
        #expect(try await store.rowSet("flowers").splits.first == "train")
        #expect(
            await failure(.invalidArgument) { try await store.assignSplit("flowers", assignments: [1: "a'b"]) } == nil
        )
    }

    private static func table(_ numbers: [Double], _ labels: [Int64?]) throws -> Table {
        try Table(columns: [
            Column(name: "size", values: .numbers(numbers)), Column(name: "label", values: .integers(labels)),
        ])
    }

    @Test func rowsMakeADatasetAndDuplicatesAreReported() async throws {
        let store = try await DatasetFixture().store
        let target = DatasetTarget(column: "label", classes: ["bad", "good"])
        let first = try await store.replaceRows(
            "labelled",
            table: try Self.table([1, 2, 1, .nan], [0, 1, 0, nil]),
            target: target
        )
        #expect(first.received == 4 && first.added == 3 && first.duplicates == 1 && first.rows == 3)
        let second = try await store.appendRows("labelled", table: try Self.table([2, 3], [1, 1]))
        #expect(second.added == 1 && second.duplicates == 1 && second.rows == 4)
        #expect(second.version != first.version)
        let rows = try await store.rowSet("labelled")
        #expect(rows.table["label"]?.values == .integers([0, 1, nil, 1]))
        #expect(rows.target == target)
        #expect(try await store.datasets().first?.origin == "rows")
        #expect(try await store.check("labelled").map(\.passed) == [true])
        let third = try await store.replaceRows("labelled", table: try Self.table([9], [1]))
        #expect(third.rows == 1)
        #expect(try await store.spec("labelled").target == target)
        #expect(
            await failure(.failedPrecondition, "made from rows") { _ = try await store.ingest("labelled") } == nil
        )
    }

    @Test func rowsThatDoNotFitAreRefusedWhole() async throws {
        let store = try await DatasetFixture().store
        let target = DatasetTarget(column: "label", classes: ["bad", "good"])
        _ = try await store.replaceRows("labelled", table: try Self.table([1], [0]), target: target)
        #expect(
            await failure(.invalidArgument, "Row 2", "'label'", "bad, good") {
                _ = try await store.appendRows("labelled", table: try Self.table([5, 6], [1, 2]))
            } == nil
        )
        #expect(
            await failure(.invalidArgument, "Row 1", "'size'") {
                _ = try await store.appendRows("labelled", table: try Self.table([.infinity], [1]))
            } == nil
        )
        #expect(
            await failure(.invalidArgument, "1 columns") {
                let table = try Table(columns: [Column(name: "size", values: .numbers([1]))])
                _ = try await store.appendRows("labelled", table: table)
            } == nil
        )
        #expect(try await store.rowSet("labelled").ids == [1])
        let fromFile = try await flowers().store
        #expect(
            await failure(.failedPrecondition, "comes from a file") {
                _ = try await fromFile.appendRows("flowers", table: try Self.table([1], [0]))
            } == nil
        )
    }

    @Test func theVersionIsThatOfTheContent() async throws {
        let one = try await DatasetFixture().store
        let other = try await DatasetFixture().store
        let table = try Self.table([1, 2], [0, 1])
        let version = try await one.replaceRows("a", table: table).version
        #expect(try await other.replaceRows("b", table: table).version == version)
        #expect(try await other.replaceRows("b", table: try Self.table([2, 1], [0, 1])).version != version)
        #expect(version.count == 64)
    }

    @Test func namesThatCollideInSQLStayApart() async throws {
        let store = try await DatasetFixture().store
        let names = ["row id", "row_id", "ROW-ID", "split", "row_hash", "x\"; DROP TABLE datasets; --", "ä", "ö"]
        let columns = names.enumerated().map { Column(name: $1, values: .numbers([Double($0)])) }
        let table = try Table(columns: columns)
        _ = try await store.replaceRows("a-b", table: table)
        _ = try await store.replaceRows("a_b", table: try Self.table([1], [0]))
        #expect(try await store.rows("a-b") == table)
        #expect(try await store.rows("a_b").rowCount == 1)
        #expect(try await store.datasets().map(\.name) == ["a-b", "a_b"])
    }

    @Test func unknownDatasetsAreNamed() async throws {
        let store = try await flowers().store
        #expect(await failure(.notFound, "'tulips'", "flowers") { _ = try await store.rows("tulips") } == nil)
    }
}
