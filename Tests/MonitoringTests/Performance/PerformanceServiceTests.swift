import Core
import Monitoring
import Storage
import Synchronization
import TestSupport
import Testing

/// A service over a ledger that is an array.
private final class Ledger: Sendable {
    let rows = Mutex<[PerformanceRow]>([])
    let watched = Mutex<[WatchedPerformance]>([])
    let model = Mutex<PerformanceModel?>(
        PerformanceModel(classes: ["no", "yes"], features: ["x"], score: .positive)
    )
    let asked = Mutex(0)
    let manual = ManualClock()
    let metrics = RecordedMetrics()
    let database: Database

    init() async throws {
        database = try await TestDatabase.current.open()
        try await database.migrate(PerformanceStore.migrations)
    }

    func service() -> PerformanceService {
        PerformanceService(
            database: database,
            clock: manual.clock,
            metrics: metrics,
            source: PerformanceSource(
                rows: { _, limit, since in
                    self.asked.withLock { $0 += 1 }
                    return self.rows.withLock { Array($0.filter { $0.at >= since }.suffix(limit)) }
                },
                fingerprint: { _, _ in
                    self.rows.withLock { "\($0.count) \($0.count { $0.label != nil })" }
                },
                model: { _, _ in self.model.withLock { $0 } },
                watched: { self.watched.withLock { $0 } }
            )
        )
    }

    func watch(_ fields: String = "", name: String = "quality") throws {
        let text = "{\"bucket\":\"1h\",\"interval\":\"1s\",\"minimum\":30,\"reference_rows\":200\(fields)}"
        let spec = try PerformanceSpec(JSONFields(JSONValue.parse(text)))
        watched.withLock { $0 = [WatchedPerformance(monitor: name, deployment: "loans", spec: spec)] }
    }

    /// Predictions of a calibrated classifier; `wrong` turns that share of the labels around.
    func predict(_ count: Int, seed: UInt64, labelled: Bool = true, wrong: Double = 0, skew: Double = 1) {
        var random = SeededGenerator(seed: seed)
        let start = manual.clock.now
        for index in 0..<count {
            let x = random.uniform()
            let score = 1 / (1 + (1 - x) / max(x, 1e-6) * skew)
            let truth = (random.uniform() < score) != (random.uniform() < wrong)
            rows.withLock {
                $0.append(
                    PerformanceRow(
                        version: 1,
                        at: start + .milliseconds(index),
                        features: [Float(x)],
                        prediction: score >= 0.5 ? "yes" : "no",
                        score: score,
                        label: labelled ? (truth ? "yes" : "no") : nil
                    )
                )
            }
        }
    }

    func pass(_ service: PerformanceService, hours: Int64 = 1) async {
        await service.evaluateDue()
        manual.advance(by: .seconds(hours * 3_600))
    }
}

@Suite("Performance of deployments")
struct PerformanceServiceTests {
    @Test("is judged by version and time; labels that say worse raise an alert, estimates before they come")
    func story() async throws {
        let ledger = try await Ledger()
        try ledger.watch(",\"segments\":[\"x\",\"nothing\"]")
        let service = ledger.service()
        #expect(await service.verdict(monitor: "quality") == nil)
        await ledger.pass(service)
        #expect(await service.verdict(monitor: "quality")?.isAlerting == nil)

        ledger.predict(300, seed: 1)
        await ledger.pass(service)
        let good = try #require(await service.verdict(monitor: "quality"))
        #expect(good.isAlerting == false && good.alerts.isEmpty, "\(good.message)")
        #expect(ledger.metrics.series.contains { $0.contains("martlet_performance") && $0.contains("realised") })

        // The same kind of rows without labels: estimates are where labels were.
        ledger.predict(300, seed: 2, labelled: false)
        await ledger.pass(service)
        let report = try await service.report(monitor: "quality")
        let buckets = try #require(report["buckets"]?.arrayValue)
        #expect(buckets.count == 2)
        let (newest, first) = (buckets[0], buckets[1])
        #expect(newest["labelled"] == 0 && first["labelled"] == 300)
        #expect(newest["realised"]?["accuracy"]?["value"] == .null)
        let estimated = try #require(newest["estimated"]?["accuracy"]?["value"]?.doubleValue)
        let realised = try #require(first["realised"]?["accuracy"]?["value"]?.doubleValue)
        #expect(abs(estimated - realised) < 0.1, "\(estimated) \(realised)")
        let summary = try #require(report["versions"]?.arrayValue?.first?["summary"])
        #expect(summary["reference"]?["origin"] == "predictions" && summary["reference"]?["rows"] == 200)
        #expect(summary["performance"]?["confusion_matrix"]?.arrayValue?.count == 2)
        #expect(summary["drift"]?["prediction"]?["drifted"] == false)
        #expect(summary["segments"]?.arrayValue?[0]["values"]?.arrayValue?.count == 4)
        #expect(summary["segments"]?.arrayValue?[1]["reason"] != nil)

        // Labels that contradict half of the predictions.
        ledger.predict(300, seed: 3, wrong: 0.5)
        await ledger.pass(service)
        let bad = try #require(await service.verdict(monitor: "quality"))
        #expect(bad.isAlerting == true && bad.alerts.contains { $0.metric == "accuracy" && $0.kind == .realised })
        #expect(bad.message.contains("accuracy"))
    }

    @Test("comes back after a restart with the same reference, though model and first rows are gone")
    func restart() async throws {
        let ledger = try await Ledger()
        try ledger.watch()
        ledger.predict(250, seed: 1)
        await ledger.pass(ledger.service())
        ledger.rows.withLock { $0 = [] }
        ledger.model.withLock { $0 = nil }
        ledger.predict(100, seed: 4, labelled: false)
        let service = ledger.service()
        await ledger.pass(service)
        let report = try await service.report(monitor: "quality")
        let buckets = try #require(report["buckets"]?.arrayValue)
        #expect(buckets.count == 2)
        #expect(buckets[0]["estimated"]?["roc_auc"]?["value"]?.doubleValue != nil)
        #expect(report["versions"]?.arrayValue?.first?["summary"]?["reference"]?["rows"] == 200)
    }

    @Test("reads the ledger only when there is something new, and forgets a monitor that is gone")
    func thrift() async throws {
        let ledger = try await Ledger()
        try ledger.watch()
        let service = ledger.service()
        ledger.predict(50, seed: 1)
        for _ in 0..<3 { await ledger.pass(service, hours: 0) }
        #expect(ledger.asked.withLock { $0 } == 1)
        ledger.manual.advance(by: .seconds(2))
        await ledger.pass(service)
        #expect(ledger.asked.withLock { $0 } == 1)
        ledger.watched.withLock { $0 = [] }
        await ledger.pass(service)
        let error = await #expect(throws: MartletError.self) { try await service.report(monitor: "quality") }
        #expect(error?.code == .notFound)
        let stored = try await PerformanceStore(database: ledger.database).versions("quality")
        #expect(stored.isEmpty && !ledger.metrics.series.contains { $0.contains("martlet_performance") })
    }

    @Test("of numbers is judged by errors, estimated from the inputs")
    func regression() async throws {
        let ledger = try await Ledger()
        ledger.model.withLock { $0 = PerformanceModel(classes: [], features: ["x"], score: .none) }
        try ledger.watch(",\"thresholds\":{\"mae\":{\"max\":0.5}}")
        let service = ledger.service()
        for (hour, noise) in [0.1, 2].enumerated() {
            var random = SeededGenerator(seed: UInt64(hour))
            let start = ledger.manual.clock.now
            for index in 0..<250 {
                let x = random.uniform()
                let row = PerformanceRow(
                    version: 3,
                    at: start + .milliseconds(index),
                    features: [Float(x)],
                    prediction: x.description,
                    score: x,
                    label: (x + noise * random.normal()).description
                )
                ledger.rows.withLock { $0.append(row) }
            }
            await ledger.pass(service)
            #expect(await service.verdict(monitor: "quality")?.isAlerting == (hour == 1))
        }
        let report = try await service.report(monitor: "quality", version: 3)
        let bucket = try #require(report["buckets"]?.arrayValue?.first)
        #expect(
            bucket["estimated"]?["mae"]?["value"]?.doubleValue != nil && bucket["thresholds"]?["mae"]?["upper"] == 0.5
        )
        #expect(try await service.report(monitor: "quality", version: 4)["buckets"] == [])
    }

    @Test("of a classifier without class names is judged by classes once labels are 0 and 1")
    func unnamed() async throws {
        let ledger = try await Ledger()
        ledger.model.withLock { $0 = PerformanceModel(classes: [], features: ["x"], score: .none) }
        try ledger.watch()
        var random = SeededGenerator(seed: 8)
        let start = ledger.manual.clock.now
        for index in 0..<300 {
            let score = random.uniform()
            let row = PerformanceRow(
                version: 1,
                at: start + .milliseconds(index),
                features: [Float(score)],
                prediction: score.description,
                score: score,
                label: index < 250 ? (random.uniform() < score ? "1.0" : "0.0") : nil
            )
            ledger.rows.withLock { $0.append(row) }
        }
        let service = ledger.service()
        await ledger.pass(service)
        let report = try await service.report(monitor: "quality")
        let bucket = try #require(report["buckets"]?.arrayValue?.first)
        let realised = try #require(bucket["realised"]?["accuracy"]?["value"]?.doubleValue)
        let estimated = try #require(bucket["estimated"]?["accuracy"]?["value"]?.doubleValue)
        #expect(abs(realised - 0.75) < 0.08 && abs(estimated - realised) < 0.08, "\(realised) \(estimated)")
        #expect(bucket["realised"]?["mae"] == nil && bucket["realised"]?["roc_auc"]?["value"] != .null)
        // The stored reference is read the same way after a restart, though there are no labels any more.
        ledger.rows.withLock { rows in
            rows = rows.map {
                PerformanceRow(
                    version: $0.version,
                    at: $0.at,
                    features: $0.features,
                    prediction: $0.prediction,
                    score: $0.score,
                    label: nil
                )
            }
        }
        let again = ledger.service()
        await ledger.pass(again)
        let later = try #require(try await again.report(monitor: "quality")["buckets"]?.arrayValue?.first)
        #expect(later["estimated"]?["accuracy"]?["value"]?.doubleValue != nil)
    }

    @Test("keeps as many buckets and versions as it may")
    func bounds() async throws {
        let ledger = try await Ledger()
        try ledger.watch(",\"late\":\"60d\"")
        let service = ledger.service()
        let past = MonitoredPerformanceLimits.buckets + 5
        ledger.manual.advance(by: .seconds(Int64(past) * 3_600 + 1))
        let now = ledger.manual.clock.now
        for index in 0..<past {
            let at = now - .seconds(Int64(past - index) * 3_600)
            let version = 1 + index * (MonitoredPerformanceLimits.versions + 1) / past
            let row = PerformanceRow(
                version: version,
                at: at,
                features: [1],
                prediction: "yes",
                score: 0.7,
                label: nil
            )
            ledger.rows.withLock { $0.append(row) }
        }
        await ledger.pass(service)
        let buckets = try #require(try await service.report(monitor: "quality")["buckets"]?.arrayValue)
        #expect(buckets.count <= MonitoredPerformanceLimits.buckets && buckets.count > past - 20)
        let versions = try await PerformanceStore(database: ledger.database).versions("quality")
        #expect(versions.count == MonitoredPerformanceLimits.versions)
        #expect(versions.first?.version == MonitoredPerformanceLimits.versions + 1)
        #expect(MonitoredPerformanceLimits.rows >= past)
    }
}

@Suite("Performance sections of monitors")
struct PerformanceSpecTests {
    private static func spec(_ text: String) throws -> PerformanceSpec {
        try PerformanceSpec(JSONFields(JSONValue.parse(text)))
    }

    @Test("have defaults and come back from their JSON")
    func defaults() throws {
        let spec = try Self.spec("{}")
        #expect(spec.bucket == .seconds(3_600) && spec.minimum == 30 && spec.estimates && spec.metrics.isEmpty)
        let full = try Self.spec(
            """
            {"bucket":"5m","minimum":10,"interval":"5s","late":"7d","reference_rows":100,"estimates":false,
             "metrics":["accuracy","roc_auc"],"thresholds":{"f1":{"min":0.8},"brier":{"max":0.2}},"segments":["a"]}
            """
        )
        #expect(try PerformanceSpec(JSONFields(full.json)) == full && full.thresholds["f1"]?.minimum == 0.8)
    }

    @Test("are refused by the name of what is wrong")
    func refusals() throws {
        let metrics = Array(repeating: "\"f1\"", count: MonitoredPerformanceLimits.metrics + 1).joined(separator: ",")
        let columns = (0...MonitoredPerformanceLimits.segmentColumns).map { "\"c\($0)\"" }.joined(separator: ",")
        for (text, name) in [
            ("{\"nope\":1}", "nope"), ("{\"bucket\":\"0s\"}", "bucket"),
            ("{\"bucket\":\(MonitoredPerformanceLimits.bucketSeconds + 1)}", "bucket"),
            ("{\"late\":\(MonitoredPerformanceLimits.lateSeconds + 1)}", "late"), ("{\"minimum\":1}", "minimum"),
            ("{\"reference_rows\":\(MonitoredPerformanceLimits.referenceRows + 1)}", "reference_rows"),
            ("{\"metrics\":[\"luck\"]}", "metrics"), ("{\"metrics\":[\(metrics)]}", "metrics"),
            ("{\"segments\":[\(columns)]}", "segments"), ("{\"thresholds\":{\"luck\":{\"min\":1}}}", "thresholds"),
            ("{\"thresholds\":{\"f1\":{}}}", "f1"), ("{\"thresholds\":{\"f1\":{\"min\":1,\"max\":0}}}", "f1"),
        ] {
            let error = #expect(throws: MartletError.self) { try Self.spec(text) }
            #expect(error?.code == .invalidArgument && error?.message.contains(name) == true, "\(text)")
        }
        #expect(MonitoredPerformanceLimits.referenceElements >= 30 * MonitoredPerformanceLimits.referenceRows)
    }
}
