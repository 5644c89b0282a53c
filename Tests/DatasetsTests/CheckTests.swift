import Core
import Datasets
import TestSupport
import Testing

/// `data.check`: each rule at and past its limit, and what a failure says.
@Suite(.overEveryDatabase)
struct CheckTests {
    private func check(_ checks: JSONValue, rows: String) async throws -> [CheckResult] {
        let fixture = try await DatasetFixture()
        try fixture.write(DatasetFixture.header + rows)
        try await fixture.applyFlowers(checks: checks)
        _ = try await fixture.store.ingest("flowers")
        return try await fixture.store.check("flowers")
    }

    private static let rows = "1.5,0.2,setosa\n1.4,,setosa\n5.1,1.9,virginica\n1.5,0.2,setosa\n"

    @Test func passesAndReports() async throws {
        let results = try await check(
            [
                ["nulls": 1], ["column": "petal length", "nulls": 0], ["duplicates": 1],
                ["column": "petal length", "min": 1.4, "max": 5.1], ["rows": ["min": 4, "max": 4]],
                ["class_balance": 0.25],
            ],
            rows: Self.rows
        )
        #expect(
            results.map(\.name) == ["schema", "nulls", "nulls", "duplicates", "range", "rows", "class_balance"]
        )
        #expect(results.filter { !$0.passed }.isEmpty)
        #expect(results.map(\.observed) == [0, 0, 0, 1, 0, 4, 0.25])
    }

    private struct Failure: Sendable {
        let rule: JSONValue
        let words: [String]
    }

    private static let failures = [
        Failure(rule: ["nulls": 0], words: ["'nulls'", "'petal.width'", "1 values", "rows: 2"]),
        Failure(rule: ["duplicates": 0], words: ["'duplicates'", "1 rows repeat", "rows: 4"]),
        Failure(
            rule: ["column": "petal length", "min": 1.41],
            words: ["'range'", "'petal length'", "rows: 2", "at least 1.41"]
        ),
        Failure(rule: ["column": "petal length", "max": 5.0], words: ["'range'", "rows: 3", "at most 5.0"]),
        Failure(rule: ["rows": ["min": 5]], words: ["'rows'", "4 rows", "at least 5"]),
        Failure(rule: ["class_balance": 0.26], words: ["'class_balance'", "'virginica'", "1 of 4"]),
    ]

    @Test(arguments: failures.indices)
    func failuresNameCheckColumnCountAndRows(index: Int) async throws {
        let (rule, words) = (Self.failures[index].rule, Self.failures[index].words)
        do {
            _ = try await check([rule], rows: Self.rows)
            Issue.record("\(rule) passed")
        } catch let error as MartletError {
            #expect(error.code == .failedPrecondition)
            for word in words { #expect(error.message.contains(word), "\(error.message)") }
        }
    }

    @Test func cellsOfTheWrongTypeFailTheSchemaCheck() async throws {
        let rows = "1.5,0.2,setosa\nwide,0.2,setosa\n1,0x10,rose\n1,inf,setosa\n"
        #expect(
            await failure(.failedPrecondition, "'schema'", "'petal length'", "1 cells", "a number", "rows: 2") {
                _ = try await check([], rows: rows)
            } == nil
        )
    }

    @Test func noRowsFail() async throws {
        #expect(
            await failure(.failedPrecondition, "'rows'", "0 rows") { _ = try await check([], rows: "") } == nil
        )
    }

    @Test func failedResultsAreKeptForTheConsole() async throws {
        let fixture = try await DatasetFixture()
        try fixture.write(DatasetFixture.header + Self.rows)
        try await fixture.applyFlowers(checks: [["duplicates": 0], ["nulls": 1]])
        _ = try await fixture.store.ingest("flowers")
        #expect(try await fixture.store.datasets().first?.checksPassed == nil)
        await #expect(throws: MartletError.self) { _ = try await fixture.store.check("flowers") }
        let detail = try await fixture.store.dataset("flowers")
        #expect(detail.summary.checksPassed == false)
        #expect(detail.checks.map(\.passed) == [true, false, true])
        #expect(detail.checks[1].rows == [4])
        #expect(detail.checkedAt == fixture.clock.now)
    }
}
