import Artifacts
import Core
import Foundation
import Storage
import TestSupport
import Testing
import Tracking

/// Points are appended to a tail and folded in bulk; nobody who reads may see the difference.
@Suite(.overEveryDatabase) struct MetricTailTests {
    private let directory: URL
    private let database: Database
    private let store: TrackingStore

    init() async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "martlet-tail-\(Identifier.random())")
        database = try await TestDatabase.current.open()
        try await database.migrate(TrackingStore.migrations)
        let artifacts = try DiskArtifactStore(root: directory.path())
        store = TrackingStore(database: database, artifacts: artifacts)
        try await store.prepare()
        try FileManager.default.removeItem(at: directory)
    }

    private func run() async throws -> String {
        try await store.createRun(experimentID: Experiment.defaultID).info.id
    }

    private func count(_ table: String) async throws -> Int64 {
        try await database.read { try $0.first("SELECT COUNT(*) AS n FROM \(table)")?.int("n") ?? -1 }
    }

    private static func point(_ key: String, _ value: Double, _ time: Int64, _ step: Int64) -> Metric {
        Metric(key: key, value: value, timestamp: Timestamp(milliseconds: time), step: step)
    }

    /// What a run's metrics are, the simple way: a list, searched from its beginning.
    private struct Oracle {
        var points: [Metric] = []

        mutating func log(_ metric: Metric) {
            let largest = Double.greatestFiniteMagnitude
            // Minus zero is zero.
            let value = metric.value.isNaN ? .nan : metric.value == 0 ? 0 : min(max(metric.value, -largest), largest)
            let stored = MetricTailTests.point(metric.key, value, metric.timestamp.milliseconds, metric.step)
            if !points.contains(stored) { points.append(stored) }
        }

        private static func number(_ metric: Metric) -> Double {
            metric.value.isNaN ? 0 : metric.value
        }

        func latest() -> [String: Double] {
            Dictionary(grouping: points, by: \.key).compactMapValues { points in
                points.max { left, right in
                    (left.step, left.timestamp.milliseconds, Self.number(left))
                        < (right.step, right.timestamp.milliseconds, Self.number(right))
                }.map(Self.number)
            }
        }

        func history(_ key: String) -> [String] {
            points.filter { $0.key == key }.sorted { left, right in
                (left.timestamp.milliseconds, left.step, Self.number(left))
                    < (right.timestamp.milliseconds, right.step, Self.number(right))
            }.map { "\($0.timestamp.milliseconds) \($0.step) \(Self.number($0))" }
        }
    }

    @Test(arguments: [1, 2, 3])
    func whatIsReadIsWhatWasLogged(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let runs = [try await run(), try await run(), try await run()]
        var oracles = Array(repeating: Oracle(), count: runs.count)
        let values = [0, -0.0, 1.5, -2, .nan, .infinity, -.infinity, 1e-300]
        for round in 0..<30 {
            let place = Int.random(in: runs.indices, using: &random)
            let metrics = (0..<Int.random(in: 1...120, using: &random)).map { _ in
                Self.point(
                    "key \(Int.random(in: 0..<4, using: &random))",
                    values.randomElement(using: &random) ?? 0,
                    Int64.random(in: 0..<6, using: &random),
                    Int64.random(in: -3..<3, using: &random)
                )
            }
            try await store.logBatch(runID: runs[place], metrics: metrics)
            for metric in metrics { oracles[place].log(metric) }
            guard round.isMultiple(of: 4) else { continue }
            for (run, oracle) in zip(runs, oracles) {
                let found = try await store.run(run).metrics
                let latest = Dictionary(found.map { ($0.key, $0.value.isNaN ? 0 : $0.value) }) { first, _ in first }
                #expect(latest == oracle.latest())
                #expect(found.map(\.key) == found.map(\.key).sorted())
                let history = try await store.metricHistory(runID: run, key: "key 1").metrics
                #expect(
                    history.map { "\($0.timestamp.milliseconds) \($0.step) \($0.value.isNaN ? 0 : $0.value)" }
                        == oracle.history("key 1")
                )
            }
        }
        _ = try await store.run(runs[0])
        #expect(try await count("metric_tail") == 0)
    }

    @Test func everyReaderSeesTheTail() async throws {
        let (first, second) = (try await run(), try await run())
        try await store.logMetric(runID: first, Self.point("loss", 0.5, 1, 1))
        #expect(
            try await store.searchRuns(experimentIDs: ["0"], filter: "metrics.loss < 1").runs.map(\.info.id) == [first]
        )
        try await store.logMetric(runID: second, Self.point("loss", 0.25, 1, 1))
        let ordered = try await store.searchRuns(experimentIDs: ["0"], order: ["metrics.loss ASC"])
        #expect(ordered.runs.map(\.info.id) == [second, first])
        try await store.logMetric(runID: first, Self.point("loss", 0.75, 2, 2))
        #expect(try await store.run(first).metric("loss") == 0.75)
        try await store.logMetric(runID: first, Self.point("loss", 0.8, 3, 3))
        #expect(try await store.sampledHistory(runIDs: [first], key: "loss").first?.metrics.count == 3)
        try await store.logMetric(runID: first, Self.point("loss", 0.9, 4, 4))
        #expect(try await store.bulkHistory(runIDs: [first, second], key: "loss", limit: 10).count == 5)
        try await store.logMetric(runID: first, Self.point("loss", 1, 5, 5))
        #expect(try await store.counts(ofRuns: [first]).points == 5)
    }

    @Test func aFullTailIsFolded() async throws {
        let run = try await run()
        var logged = 0
        while logged < TrackingLimits.metricTail - 1 {
            let next = min(TrackingLimits.batchMetrics, TrackingLimits.metricTail - 1 - logged)
            let metrics = (0..<next).map { Self.point("m", 1, 1, Int64(logged + $0)) }
            try await store.logBatch(runID: run, metrics: metrics)
            logged += next
        }
        #expect(try await count("metric_tail") == Int64(TrackingLimits.metricTail - 1))
        try await store.logMetric(runID: run, Self.point("m", 1, 1, Int64(logged)))
        #expect(try await count("metric_tail") == 0)
        #expect(try await count("metrics") == Int64(TrackingLimits.metricTail))
    }

    @Test func anUndoneBatchLeavesNoKeysBehind() async throws {
        let run = try await run()
        try await store.logParam(runID: run, Param(key: "p", value: "1"))
        let broken = Metric(
            key: "undone",
            value: 1,
            timestamp: Timestamp(milliseconds: 1),
            modelID: "m-00000000000000000000000000000000"
        )
        #expect(await code { try await store.logBatch(runID: run, metrics: [broken]) } == .notFound)
        #expect(try await count("metric_keys") == 0)
        try await store.logMetric(runID: run, Self.point("other", 2, 1, 1))
        try await store.logMetric(runID: run, Self.point("undone", 3, 1, 1))
        #expect(try await store.run(run).metrics.map { "\($0.key) \($0.value)" } == ["other 2.0", "undone 3.0"])
    }

    @Test func moreKeysThanAreRemembered() async throws {
        let run = try await run()
        let batches = TrackingLimits.knownMetricKeys / TrackingLimits.batchMetrics + 1
        for batch in 0..<batches {
            let metrics = (0..<TrackingLimits.batchMetrics).map {
                Self.point("key \(batch) \($0)", Double(batch), 1, 1)
            }
            try await store.logBatch(runID: run, metrics: metrics)
        }
        try await store.logMetric(runID: run, Self.point("key 0 0", -1, 2, 2))
        let found = try await store.run(run)
        #expect(found.metrics.count == batches * TrackingLimits.batchMetrics)
        #expect(found.metric("key 0 0") == -1)
        #expect(found.metric("key \(batches - 1) 7") == Double(batches - 1))
    }

    /// Stores points of one metric with steps 0, 2, 4, … without the detour over the wire.
    private func store(_ count: Int, of run: String) async throws {
        try await store.logMetric(runID: run, Self.point("long", 0, 0, 0))
        _ = try await store.run(run)
        try await database.write { connection in
            try connection.execute(
                """
                INSERT INTO metrics (run_number, key_number, step, metric_time, metric_value, is_nan)
                WITH RECURSIVE series (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n + 1 < \(count))
                SELECT r.run_number, k.key_number, 2 * n, 10 * n, 0.5 * n, 0 FROM series, runs r, metric_keys k
                WHERE r.run_id = ? AND k.metric_key = 'long'
                """,
                [.text(run)]
            )
        }
    }

    @Test(
        arguments: [
            TrackingLimits.wholeHistoryPoints, TrackingLimits.wholeHistoryPoints + 1,
            TrackingLimits.historyStride * TrackingLimits.historyAnchors + 12_345,
        ],
        [1, 2, 320, TrackingLimits.bulkPointsPerRun]
    )
    func longHistoriesAreSampledEvenly(count: Int, limit: Int) async throws {
        let run = try await run()
        try await store(count, of: run)
        let found = try await store.sampledHistory(runIDs: [run], key: "long", limit: limit)[0].metrics
        #expect(found.map { Int($0.step) / 2 } == Self.parts(count, limit))
        #expect(found.allSatisfy { $0.timestamp.milliseconds == 5 * $0.step && $0.value == Double($0.step) / 4 })
        let part = try await store.sampledHistory(
            runIDs: [run],
            key: "long",
            steps: 11...(2 * Int64(count) - 9),
            limit: limit
        )
        // Steps 12 … 2 · count - 10.
        #expect(part[0].metrics.map { Int($0.step) / 2 - 6 } == Self.parts(count - 10, limit))
    }

    /// The first of each part of NTILE by counting them off, and the last of all.
    private static func parts(_ count: Int, _ limit: Int) -> [Int] {
        guard count > limit else { return Array(0..<count) }
        var firsts: [Int] = []
        var next = 0
        for part in 0..<limit {
            firsts.append(next)
            next += count / limit + (part < count % limit ? 1 : 0)
        }
        firsts[limit - 1] = count - 1
        return firsts
    }
}
