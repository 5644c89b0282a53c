import Core
import Drift
import Rollouts
import Server
import Testing

/// The rules by which drift and estimates become evidence.
@Suite("Analysis: drift and estimates")
struct EvidenceRulesTests {
    @Test("An accuracy counts as worse only past the tolerance by three sampling errors")
    func accuracy() {
        let judgement = EstimateJudgement(metric: "accuracy", tolerated: 0.05)
        func told(_ ours: Double?, _ theirs: Double?, error: Double = 0.01) -> ExternalMeasurement {
            judgement.measurement(
                candidate: .init(value: ours, error: error),
                stable: .init(value: theirs, error: 0),
                samples: 500
            )
        }
        let condition = MeasurementCondition(maximum: 0.05)
        #expect(told(0.9, 0.94).outcome(under: condition) == .pass)
        #expect(told(0.95, 0.9).outcome(under: condition) == .pass)
        #expect(told(0.9, 0.97).outcome(under: condition) == .undecided)
        #expect(told(0.9, 0.99).outcome(under: condition) == .fail)
        #expect(told(0.9, 0.99, error: 0.02).outcome(under: condition) == .undecided)
        #expect(told(nil, 0.9).outcome(under: condition) == .undecided)
        #expect(told(.nan, 0.9).outcome(under: condition) == .undecided)
        #expect(told(0.9, nil).outcome(under: condition) == .undecided)
    }

    @Test("Of an error the share by which it grows counts")
    func error() {
        let judgement = EstimateJudgement(metric: "mae", tolerated: 0.1)
        func told(_ ours: Double, _ theirs: Double) -> ExternalMeasurement {
            judgement.measurement(
                candidate: .init(value: ours, error: 0.1),
                stable: .init(value: theirs, error: 0.1),
                samples: 500
            )
        }
        #expect(told(10.5, 10).outcome == .pass)
        #expect(abs((told(10.5, 10).value ?? 0) - 0.05) < 1e-12)
        #expect(told(20, 10).outcome == .fail)
        #expect(told(11.2, 10).outcome == .undecided)
        #expect(told(1, 0).outcome == .undecided)
    }

    @Test("The looks' parts of the false-alarm rate sum to it")
    func alpha() {
        let spent = (1...100_000).reduce(0) { $0 + DriftLook.threshold(look: $1) }
        #expect(spent < DriftLook.falseAlarmRate)
        #expect(spent > DriftLook.falseAlarmRate * 0.9999)
    }

    @Test("Traffic like the sample stays clear over ten looks, shifted traffic does not")
    func looks() throws {
        var generator = SeededGenerator(seed: 11)
        let names = ["a", "b", "c"]
        let reference = try Table(
            columns: names.map { name in
                Column(name: name, values: .numbers((0..<300).map { _ in generator.normal() }))
            }
        )
        var alarms = 0
        for _ in 0..<20 {
            let isAlarmed = try (1...10).contains { look in
                let rows = (0..<AnalysisLimits.driftRows).map { _ in names.map { _ in Float(generator.normal()) } }
                return try DriftLook.compare(reference, names, rows, look: look).drifted == true
            }
            if isAlarmed { alarms += 1 }
        }
        #expect(alarms <= 1)
        let shifted = (0..<AnalysisLimits.driftRows).map { _ in
            [Float(generator.normal() + 1), Float(generator.normal()), Float(generator.normal())]
        }
        let report = try DriftLook.compare(reference, names, shifted, look: 10)
        #expect(report.drifted == true)
        #expect(report.features.filter { $0.drifted == true }.map(\.name) == ["a"])
        #expect(throws: MartletError.self) { try DriftLook.compare(reference, ["other"], [[1]], look: 1) }
    }
}
