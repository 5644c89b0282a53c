import Core
import Datasets
import Synchronization
import TestSupport
import Testing

/// The built-in steps as a pipeline runs them.
@Suite(.overEveryDatabase)
struct DatasetStepsTests {
    @Test func ingestAndCheckRunAsSteps() async throws {
        let fixture = try await DatasetFixture()
        try fixture.write(DatasetFixture.flowers)
        try await fixture.applyFlowers(checks: [["rows": ["min": 5]]])
        let lines = Mutex<[String]>([])
        let fractions = Mutex<[Double]>([])
        let context = StepContext(
            runID: "r",
            pipeline: "p",
            task: "t",
            attempt: 1,
            parameters: ["dataset": "flowers"],
            upstream: [:],
            directory: fixture.directory,
            clock: fixture.clock.clock,
            log: { line in lines.withLock { $0.append(line) } },
            progress: { fraction, _ in fractions.withLock { $0.append(fraction) } }
        )
        let steps = DatasetSteps.all(fixture.store)
        #expect(steps.map(\.name) == ["data.ingest", "data.check", "data.split", "data.transform"])
        let outputs = try await steps[0].run(context)
        #expect(outputs["rows"] == 5)
        #expect(outputs["version"]?.stringValue?.count == 64)
        #expect(fractions.withLock { $0.last } == 1)
        #expect(fractions.withLock { $0 == $0.sorted() })
        #expect(lines.withLock { $0.count } == 6)
        #expect(try await steps[1].run(context)["passed"] == 2)
    }
}
