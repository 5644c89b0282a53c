import Core
import TestSupport
import Testing
import Tracking

@Suite(.overEveryDatabase) struct LoggingTests {
    private let fixture: TrackingFixture
    private var store: TrackingStore { fixture.store }

    init() async throws {
        fixture = try await TrackingFixture()
    }

    @Test func runsStartWithNamesAndTags() async throws {
        let run = try await store.createRun(
            experimentID: "0",
            name: "first",
            parentID: "p",
            userID: "ann",
            tags: [Tag(key: "k", value: "v")]
        )
        #expect(run.info.name == "first")
        #expect(run.info.userID == "ann")
        #expect(run.info.status == .running)
        #expect(run.info.startTime == fixture.clock.now)
        #expect(run.info.endTime == nil)
        #expect(run.tag("mlflow.runName") == "first")
        #expect(run.tag("mlflow.parentRunId") == "p")
        #expect(run.tag("k") == "v")
        let tagged = try await store.createRun(experimentID: "0", tags: [Tag(key: "mlflow.runName", value: "t")])
        #expect(tagged.info.name == "t")
        #expect(try await !store.createRun(experimentID: "0").info.name.isEmpty)
        let both = await code {
            _ = try await store.createRun(experimentID: "0", name: "a", tags: [Tag(key: "mlflow.runName", value: "b")])
        }
        #expect(both == .invalidArgument)
        #expect(await code { _ = try await store.createRun(experimentID: "7") } == .notFound)
    }

    @Test func updates() async throws {
        let id = try await fixture.run()
        let end = fixture.clock.now + .seconds(5)
        let info = try await store.updateRun(id, status: .finished, endTime: end, name: "new")
        #expect(info.status == .finished)
        #expect(info.endTime == end)
        #expect(try await store.run(id).tag("mlflow.runName") == "new")
        try await store.setTag(runID: id, Tag(key: "mlflow.runName", value: "newer"))
        #expect(try await store.run(id).info.name == "newer")
        #expect(try await store.updateRun(id) == store.run(id).info)
        #expect(await code { try await store.updateRun("none", status: .failed) } == .notFound)
    }

    @Test func deletedRunsTakeNothing() async throws {
        let id = try await fixture.run()
        try await store.deleteRun(id)
        let error = await failure { try await store.logMetric(runID: id, Metric("m", 1)) }
        #expect(error?.message == "The run \(id) must be in the 'active' state. Current state is deleted.")
        #expect(await code { try await store.updateRun(id, status: .failed) } == .invalidArgument)
        try await store.restoreRun(id)
        try await store.restoreRun(id)
        try await store.logMetric(runID: id, Metric("m", 1))
        #expect(await code { try await store.deleteRun("none") } == .notFound)
    }

    @Test func latestMetric() async throws {
        let id = try await fixture.run()
        let points = [
            Metric("m", 1, time: 5, step: 2), Metric("m", 9, time: 9, step: 1), Metric("m", 2, time: 5, step: 2),
            Metric("m", 3, time: 4, step: 2), Metric("m", 2, time: 5, step: 2), Metric("n", .nan, step: -3),
            Metric("i", .infinity), Metric("j", -.infinity),
        ]
        for point in points { try await store.logMetric(runID: id, point) }
        let run = try await store.run(id)
        #expect(run.metrics.map(\.key) == ["i", "j", "m", "n"])
        #expect(run.metric("m") == 2)
        #expect(run.metric("n")?.isNaN == true)
        #expect(run.metric("i") == .greatestFiniteMagnitude)
        #expect(run.metric("j") == -.greatestFiniteMagnitude)
        let history = try await store.metricHistory(runID: id, key: "m").metrics
        #expect(history.map(\.value) == [3, 1, 2, 9])
        // A NaN is the latest where a 0 would be: after -1 and before 1 at the same step and time.
        for (key, value, isNaN) in [("a", -1.0, true), ("b", 1.0, false)] {
            try await store.logBatch(runID: id, metrics: [Metric(key, value), Metric(key, .nan)])
            #expect(try await store.run(id).metric(key)?.isNaN == isNaN)
        }
    }

    @Test func paramsAreWrittenOnce() async throws {
        let id = try await fixture.run()
        try await store.logParam(runID: id, Param(key: "p", value: "1"))
        try await store.logParam(runID: id, Param(key: "p", value: "1"))
        let error = await failure { try await store.logParam(runID: id, Param(key: "p", value: "2")) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.hasPrefix("Changing param values is not allowed.") == true)
        #expect(try await store.run(id).params == [Param(key: "p", value: "1")])
    }

    @Test func batchIsAllOrNothing() async throws {
        let id = try await fixture.run()
        try await store.logParam(runID: id, Param(key: "p", value: "1"))
        let before = try await store.run(id)
        let error = await code {
            try await store.logBatch(
                runID: id,
                metrics: [Metric("m", 1)],
                params: [Param(key: "q", value: "1"), Param(key: "p", value: "2")],
                tags: [Tag(key: "t", value: "1")]
            )
        }
        #expect(error == .invalidArgument)
        let unknownModel = Metric(key: "m", value: 1, timestamp: fixture.clock.now, modelID: "m-none")
        #expect(await code { try await store.logBatch(runID: id, metrics: [unknownModel]) } == .notFound)
        #expect(try await store.run(id) == before)
        let duplicate = [Param(key: "d", value: "1"), Param(key: "d", value: "1")]
        #expect(await code { try await store.logBatch(runID: id, params: duplicate) } == .invalidArgument)
        try await store.logBatch(runID: id, tags: [Tag(key: "t", value: "1"), Tag(key: "t", value: "2")])
        #expect(try await store.run(id).tag("t") == "2")
        try await store.logBatch(runID: id)
    }

    @Test func tagsAreDeletedOnce() async throws {
        let id = try await fixture.run()
        try await store.setTag(runID: id, Tag(key: "t", value: "1"))
        try await store.deleteTag(runID: id, key: "t")
        let error = await failure { try await store.deleteTag(runID: id, key: "t") }
        #expect(error?.code == .notFound)
        #expect(error?.message == "No tag with name: t in run with id \(id)")
    }

    @Test(arguments: [
        "", "a\0b", "a\tb", "a?b", "../a", "a/../b", "/a", "./a", "a//b", "a/", ".", "..", "..a", "a;b", "e\u{301}",
        "a/.",
    ])
    func keysThatAreRefused(_ key: String) async throws {
        let id = try await fixture.run()
        #expect(await code { try await store.logMetric(runID: id, Metric(key, 1)) } == .invalidArgument)
        #expect(await code { try await store.logParam(runID: id, Param(key: key, value: "")) } == .invalidArgument)
        #expect(await code { try await store.setTag(runID: id, Tag(key: key, value: "")) } == .invalidArgument)
    }

    @Test func keysThatAreAccepted() async throws {
        let id = try await fixture.run()
        for key in ["a", "a/b", "a.b-c d:e", "é", "日本", ".a", "a..b", "½", "²"] {
            try await store.logMetric(runID: id, Metric(key, 1))
        }
        #expect(try await store.run(id).metrics.count == 9)
    }

    @Test func negativeTimesAreRefused() async throws {
        let id = try await fixture.run()
        let error = await failure { try await store.logBatch(runID: id, metrics: [Metric("m", 1, time: -1)]) }
        #expect(error?.message.contains("'metrics[0].timestamp'") == true)
    }

    @Test func historyOfModelsBeforeVersionThree() async throws {
        let id = try await fixture.run()
        try await store.appendLoggedModel(runID: id, ["artifact_path": "a"])
        try await store.appendLoggedModel(runID: id, ["artifact_path": "b"])
        let text = try await store.run(id).tag("mlflow.log-model.history")
        #expect(text == #"[{"artifact_path": "a"}, {"artifact_path": "b"}]"#)
    }

    @Test func writersInParallelLoseNothing() async throws {
        let id = try await fixture.run()
        let store = store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for step in 0..<25 {
                        try await store.logMetric(runID: id, Metric("w\(writer)", 1, step: Int64(step)))
                    }
                }
            }
            try await group.waitForAll()
        }
        for writer in 0..<8 {
            #expect(try await store.metricHistory(runID: id, key: "w\(writer)").metrics.count == 25)
        }
    }

    @Test func racingCreatesHaveOneWinner() async throws {
        let store = store
        let winners = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<24 { group.addTask { await code { try await store.createExperiment(name: "race") } == nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
    }
}
