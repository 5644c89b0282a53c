import Core
import Ledger
import Serving
import Synchronization
import TestSupport
import Testing

@Suite("Step serving.labelled: the ledger as a dataset", .overEveryDatabase)
struct LabelledStepTests {
    /// What the step handed over.
    final class Sink: Sendable {
        let tables = Mutex<[String: Table]>([:])
        let targets = Mutex<[String: [String]]>([:])
    }

    private func run(_ harness: ServingHarness, _ parameters: JSONObject) async throws -> (JSONObject, Sink) {
        let sink = Sink()
        let step = LabelledStep.make(ledger: harness.ledger, deployments: harness.table) {
            name,
            table,
            target,
            classes in
            sink.tables.withLock { $0[name] = table }
            sink.targets.withLock { $0[target] = classes }
        }
        #expect(step.name == "serving.labelled")
        let context = StepContext(
            runID: "r",
            pipeline: "p",
            task: "t",
            attempt: 1,
            parameters: parameters,
            upstream: [:],
            directory: "/nowhere",
            clock: harness.time.clock,
            log: { _ in },
            progress: { _, _ in }
        )
        return (try await step.run(context), sink)
    }

    private func labelled() async throws -> ServingHarness {
        let harness = try await ServingHarness.serving()
        for index in 0..<6 {
            harness.monitor.state.withLock { $0.signal = DriftSignal(isDetected: index >= 3) }
            try await harness.predict("\(index)", [index == 5 ? 4.5 : Float(index) + 0.5, 17.99])
            if index != 1 { _ = try await harness.ledger.feedback("\(index)", label: index % 2 == 0 ? "benign" : 0) }
            harness.time.advance(by: .seconds(1))
        }
        return harness
    }

    @Test("Labelled rows are exported in order, with the numbers as they were sent")
    func export() async throws {
        let harness = try await labelled()
        let (outputs, sink) = try await run(harness, ["deployment": "cancer", "dataset": "live", "since": 0])
        #expect(outputs["rows"] == 5)
        #expect(outputs["duplicates"] == 0)
        let table = try #require(sink.tables.withLock { $0["live"] })
        #expect(table.columns.map(\.name) == ["x0", "x1", "target"])
        #expect(sink.targets.withLock { $0 } == ["target": ["malignant", "benign"]])
        #expect(table["x1"]?.values == .numbers([17.99, 17.99, 17.99, 17.99, 17.99]))
        #expect(table["target"]?.values == .strings(["benign", "benign", "malignant", "benign", "malignant"]))
    }

    @Test("Equal rows with equal labels are exported once")
    func duplicates() async throws {
        let harness = try await labelled()
        try await harness.predict("again", [2.5, 17.99])
        _ = try await harness.ledger.feedback("again", label: "benign")
        let (outputs, _) = try await run(harness, ["deployment": "cancer", "dataset": "live"])
        #expect(outputs["rows"] == 5)
        #expect(outputs["duplicates"] == 1)
    }

    @Test("Rows are chosen by time, also as substituted text, and by drift")
    func choice() async throws {
        let harness = try await labelled()
        let late = harness.time.now.milliseconds - 2000
        let (byTime, _) = try await run(
            harness,
            ["deployment": "cancer", "dataset": "live", "since": .string("\(late)"), "target": "truth"]
        )
        #expect(byTime["rows"] == 2)
        let (byDrift, _) = try await run(harness, ["deployment": "cancer", "dataset": "live", "only_drifted": true])
        #expect(byDrift["rows"] == 3)
        let store = LedgerStore(database: harness.database)
        #expect(try await store.labelledCount("cancer", since: Timestamp(milliseconds: 0)) == 5)
        #expect(try await store.labelledCount("cancer", since: Timestamp(milliseconds: late)) == 2)
        #expect(try await store.labelledCount("none", since: Timestamp(milliseconds: 0)) == 0)
    }

    @Test("Too few rows, an unknown deployment and a bad parameter are refused by name")
    func refusals() async throws {
        let harness = try await labelled()
        for (parameters, text) in [
            (["deployment": "cancer", "dataset": "live", "minimum": 6], "at least 6 are needed"),
            (["deployment": "none", "dataset": "live"], "There is no deployment 'none'"),
            (["deployment": "cancer", "dataset": "live", "since": "yesterday"], "'with.since'"),
            (["deployment": "cancer", "dataset": "live", "target": "x0"], "'x0' is a feature"),
            (["deployment": "cancer"], "'with.dataset' is missing"),
            (
                ["deployment": "cancer", "dataset": "live", "minimum": .int(LedgerLimits.exportRows + 1)],
                "'with.minimum'"
            ),
        ] as [(JSONObject, String)] {
            let error = await #expect(throws: MartletError.self) { _ = try await run(harness, parameters) }
            #expect(error?.message.contains(text) == true)
        }
    }
}
