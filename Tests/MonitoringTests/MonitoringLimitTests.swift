import Core
import HTTPSupport
import Storage
import Synchronization
import TestSupport
import Testing

import Drift
import Monitoring

@Suite(.overEveryDatabase)
struct MonitoringLimitTests {
    typealias Harness = MonitorHarness

    private func texts(_ rows: Int, columns: Int, bytes: Int, at now: Timestamp) -> ServedRows {
        ServedRows(
            deployment: "cancer",
            version: 1,
            names: (0..<columns).map { "c\($0)" },
            inputs: .columns(
                (0..<columns).map { column in
                    let values = (0..<rows).map { row -> String? in
                        let name = "\(column)/\(row)/"
                        return name + String(repeating: "x", count: max(0, bytes - name.utf8.count))
                    }
                    return ServedColumn(name: "c\(column)", values: .texts(values))
                }
            ),
            count: rows,
            at: now
        )
    }

    @Test func valuesThatWaitForADetectorAreLimited() {
        var stream = ValueStream(source: "score")
        for value in 0...MonitoringLimits.streamValues { stream.append(Float(value)) }
        #expect(stream.skipped == 1)
        let values = stream.take()
        #expect((values.count, values.first) == (MonitoringLimits.streamValues, 1))
        #expect(values.last == Float(MonitoringLimits.streamValues))
        #expect(stream.take().isEmpty)
    }

    @Test func shownTextsAreLimited() throws {
        let rows = texts(MonitoringLimits.shownTexts + 1, columns: 1, bytes: 0, at: Timestamp(milliseconds: 0))
        var sketch = try #require(VersionSketch(first: rows, bins: [:]))
        sketch.add(rows)
        let feature = try #require(sketch.json["features"]?.arrayValue?.first)
        #expect(feature["top"]?.arrayValue?.count == MonitoringLimits.shownTexts)
        #expect(feature["count"] == .int(MonitoringLimits.shownTexts + 1))
    }

    @Test func dataEventsOfAnEvaluationAreLimited() async throws {
        let harness = try await Harness()
        let service = harness.service()
        try await service.apply(Harness.spec(#","detectors":[]"#))
        let width = MonitoringLimits.eventsPerEvaluation + 1
        var generator = SeededGenerator(seed: 4)
        let columns = (0..<width).map { column in
            Column(name: "f\(column)", values: .numbers((0..<40).map { _ in generator.normal() }))
        }
        try await service.setReference(deployment: "cancer", version: "1", table: Table(columns: columns))
        await harness.step(service, rows: [[Float]](repeating: [Float](repeating: .nan, count: width), count: 40))
        let evaluation = try #require(try await service.detail("drift").evaluation)
        #expect(evaluation.events.count == MonitoringLimits.eventsPerEvaluation)
        #expect(evaluation.drift == true)
    }

    @Test func aSteadyMonitorIsKeptOnceAPeriod() async throws {
        let harness = try await Harness()
        let service = harness.service()
        try await service.apply(Harness.spec())
        try await service.setReference(deployment: "cancer", version: "1", table: Harness.table())
        await harness.step(service, rows: Harness.rows(40, seed: 2))
        harness.manual.advance(by: .seconds(MonitoringLimits.snapshotSeconds - 10))
        await harness.step(service, rows: Harness.rows(40, seed: 2))
        #expect(try await service.snapshots("drift", limit: 9, pageToken: nil).items.map(\.cause) == ["transition"])
        harness.manual.advance(by: .seconds(10))
        await harness.step(service, rows: Harness.rows(40, seed: 2))
        let causes = try await service.snapshots("drift", limit: 9, pageToken: nil).items.map(\.cause)
        #expect(causes == ["period", "transition"])
    }

    @Test func whatMonitorsSawIsSavedAgainAfterAWhile() async throws {
        let harness = try await Harness()
        let counts = Mutex<[Int64]>([])
        let served = Mutex<MonitorService?>(nil)
        let step = MonitoringLimits.savingSeconds / 3
        let clock = Clock(
            now: { harness.manual.now },
            sleep: { _ in
                let row = try await harness.database.read { try $0.first("SELECT COUNT(*) AS n FROM monitor_sketches") }
                counts.withLock { $0.append(row?.optionalInt("n") ?? -1) }
                if counts.withLock({ $0.count }) == 4 { throw CancellationError() }
                served.withLock { $0 }?.observe(deployment: "cancer", features: [1, 2, 3])
                harness.manual.advance(by: .seconds(step))
            }
        )
        let service = MonitorService(database: harness.database, clock: clock, recentRows: { _, _, _ in [] })
        served.withLock { $0 = service }
        try await service.apply(Harness.spec())
        try await service.run()
        #expect(counts.withLock { $0 } == [0, 0, 0, 1])
    }

    @Test func aWindowThatIsTooLargeIsNotSaved() async throws {
        let harness = try await Harness()
        let service = harness.service()
        let text = #"{"deployment":"cancer","window":2500,"minimum":2}"#
        try await service.apply(MonitorSpec(name: "drift", JSONFields(JSONValue.parse(text))))
        let columns = 4
        let rows = MonitoringLimits.savedWindowBytes / columns / MonitoringLimits.textBytes
        service.observe(texts(rows - 100, columns: columns, bytes: MonitoringLimits.textBytes, at: harness.manual.now))
        await service.save()
        let after = harness.service()
        try await after.start()
        #expect(await after.monitors().map(\.rows) == [rows - 100])

        let other = try await Harness()
        let full = other.service()
        try await full.apply(MonitorSpec(name: "drift", JSONFields(JSONValue.parse(text))))
        full.observe(texts(rows + 1, columns: columns, bytes: MonitoringLimits.textBytes, at: other.manual.now))
        await full.save()
        let empty = other.service()
        try await empty.start()
        #expect(await empty.monitors().map(\.rows) == [0])
    }
}
