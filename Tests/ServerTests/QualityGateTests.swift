import Core
import Datasets
import Quality
import Server
import Storage
import TestSupport
import Testing

/// Suites on datasets: what is read, what is refused, how many at a time.
@Suite struct QualityGateTests {
    private func gate() async throws -> (gate: QualityGate, datasets: DatasetStore) {
        let database = try Database.inMemory()
        try await database.migrate(DatasetStore.migrations)
        let datasets = DatasetStore(database: database, clock: .system)
        return (QualityGate(datasets: datasets), datasets)
    }

    private func table(_ values: [Double]) throws -> Table {
        try Table(columns: [
            Column(name: "x", values: .numbers(values)), Column(name: "y", values: .numbers(values.map { $0 * $0 })),
        ])
    }

    @Test func aDatasetIsHeldToAnother() async throws {
        let (gate, datasets) = try await gate()
        _ = try await datasets.replaceRows("past", table: try table([1, 2, 3, 4]), target: nil)
        _ = try await datasets.replaceRows("now", table: try table([1, 2, 3, .nan]), target: nil)
        let document: JSONObject = ["reference": "past"]
        let same = try await gate.run(QualityGate.Request(dataset: "past", JSONFields(document)))
        #expect(same.report.passed && same.version.count == 64)
        let other = try await gate.run(QualityGate.Request(dataset: "now", JSONFields(document)))
        #expect(!other.report.passed && other.report.failures().contains("missing values"))
        #expect(try await gate.profile("now", split: nil).missing == 2)
    }

    @Test func aPartOfTheDatasetItselfIsAReference() throws {
        let part: JSONObject = ["split": "test", "reference_split": "train"]
        let request = try QualityGate.Request(dataset: "d", JSONFields(part))
        #expect(request.reference == "d" && request.referenceSplit == "train" && request.split == "test")
        #expect(try QualityGate.Request(dataset: "d", JSONFields(JSONObject())).reference == nil)
        let wrong: JSONObject = ["suite": ["tests": [["metric": "Nothing", "eq": 1]]]]
        let error = #expect(throws: MartletError.self) {
            try QualityGate.Request(dataset: "d", JSONFields(wrong, path: "with"))
        }
        #expect(error?.message.hasPrefix("'with.suite.tests[0].metric' must be one of") == true)
    }

    @Test func onlySoManyAtATime() async throws {
        let (gate, _) = try await gate()
        func nested(_ depth: Int) async throws -> Int {
            guard depth > 0 else { return 0 }
            return try await gate.occupying { try await nested(depth - 1) + 1 }
        }
        #expect(try await nested(ServerLimits.qualityRuns) == ServerLimits.qualityRuns)
        await #expect(throws: MartletError.self) { try await nested(ServerLimits.qualityRuns + 1) }
        // What was refused holds no place.
        #expect(try await nested(ServerLimits.qualityRuns) == ServerLimits.qualityRuns)
    }
}
