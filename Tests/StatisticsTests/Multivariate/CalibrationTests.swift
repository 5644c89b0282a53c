import Core
import Testing

import Statistics

/// False alarms must come at the rate that was asked for: 3 to 7 % of null runs at a level of 5 %.
struct CalibrationTests {
    private func sample(_ rows: Int, _ features: Int, _ generator: inout SeededGenerator) throws -> SampleMatrix {
        let elements = (0..<(rows * features)).map { _ in Float(generator.normal()) }
        return try SampleMatrix(names: (0..<features).map { "f\($0)" }, elements: elements)
    }

    @Test(arguments: [KolmogorovSmirnov.Method.exact, .asymptotic])
    func kolmogorovSmirnov(method: KolmogorovSmirnov.Method) throws {
        var generator = SeededGenerator(seed: 20)
        var alarms = 0
        for _ in 0..<500 {
            let detector = try KSDetector(reference: sample(150, 1, &generator), level: 0.05, method: method)
            if try detector.evaluate(sample(97, 1, &generator)).drifted { alarms += 1 }
        }
        #expect((15...35).contains(alarms), "\(alarms) of 500")
    }

    @Test func kolmogorovSmirnovWithCorrection() throws {
        var generator = SeededGenerator(seed: 21)
        var alarms = 0
        for _ in 0..<500 {
            let detector = try KSDetector(reference: sample(120, 4, &generator), level: 0.05)
            if try detector.evaluate(sample(61, 4, &generator)).drifted { alarms += 1 }
        }
        #expect((15...35).contains(alarms), "\(alarms) of 500")
    }

    @Test func maximumMeanDiscrepancy() throws {
        var generator = SeededGenerator(seed: 22)
        var alarms = 0
        for run in 0..<200 {
            let detector = try MMDDetector(
                reference: sample(30, 2, &generator),
                level: 0.05,
                permutations: 60,
                seed: UInt64(run)
            )
            if try detector.evaluate(sample(15, 2, &generator)).drifted { alarms += 1 }
        }
        // 200 runs: 1 to 9 % covers 2.6 standard deviations of a true 5 %.
        #expect((2...18).contains(alarms), "\(alarms) of 200")
    }
}
