import Core
import Monitoring
import Synchronization
import TestSupport
import Testing

/// What predictions are worth speaks in the verdict of the monitor that judges it.
@Suite(.overEveryDatabase)
struct PerformanceVerdictTests {
    private func verdict(_ isAlerting: Bool?, at now: Timestamp) -> PerformanceVerdict {
        let alert = PerformanceAlert(
            metric: "accuracy",
            kind: .realised,
            version: 1,
            start: now,
            value: 0.7,
            bound: 0.9
        )
        return PerformanceVerdict(
            isAlerting: isAlerting,
            alerts: isAlerting == true ? [alert] : [],
            message: "accuracy of version 1",
            at: now
        )
    }

    @Test func anAlertIsDriftAndItsEndARecovery() async throws {
        let harness = try await MonitorHarness()
        let service = harness.service()
        let fields = #","hysteresis":1,"events":false,"detectors":{"ks":{"p_value":0.0001}},"performance":{}"#
        let text = #"{"deployment":"cancer","window":40,"minimum":20,"interval":"1s"\#(fields)}"#
        try await service.apply(MonitorSpec(name: "drift", JSONFields(JSONValue.parse(text))))
        let rows = MonitorHarness.rows(200, seed: 1)
        let columns = (0..<3).map { column in
            Column(name: "f\(column)", values: .numbers(rows.map { Double($0[column]) }))
        }
        try await service.setReference(deployment: "cancer", version: "1", table: try Table(columns: columns))
        var states: [String] = []
        for (seed, alerting) in [(2, nil), (3, false), (4, true), (5, nil), (6, false)] as [(UInt64, Bool?)] {
            harness.performance.withLock { $0 = verdict(alerting, at: harness.manual.now) }
            await harness.step(service, rows: MonitorHarness.rows(40, seed: seed))
            let detail = try await service.detail("drift")
            states.append(detail.summary.signal.state.rawValue)
            let detector = try #require(detail.evaluation?.detectors.first { $0.name == "performance" })
            #expect(detector.isDecided == (alerting != nil))
            #expect(detector.drifted == (alerting == true))
            #expect(detector.threshold == (alerting == true ? 0.9 : nil))
        }
        #expect(states.prefix(3) == ["ok", "ok", "drift"])
        #expect(states.last == "recovered" || states.last == "ok")
        #expect(harness.transitions.contains("ok>drift"))
    }
}
