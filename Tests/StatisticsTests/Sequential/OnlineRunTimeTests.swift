import Core
import Testing

import Statistics

/// Without a change the first alarm comes after about the expected number of rows; with one it comes soon.
struct OnlineRunTimeTests {
    private func normals(_ rows: Int, _ features: Int, _ generator: inout SeededGenerator) throws -> SampleMatrix {
        let elements = (0..<(rows * features)).map { _ in Float(generator.normal()) }
        return try SampleMatrix(names: (0..<features).map { "f\($0)" }, elements: elements)
    }

    private func bits(_ rows: Int, _ share: Double, _ generator: inout SeededGenerator) throws -> SampleMatrix {
        try SampleMatrix(names: ["b"], elements: (0..<rows).map { _ in generator.uniform() < share ? 1 : 0 })
    }

    /// The mean number of rows until drift over several references and streams, at most `limit` rows each.
    private func meanRun(
        references: Int,
        streams: Int,
        limit: Int,
        make: (inout SeededGenerator, UInt64) throws -> any OnlineDetector,
        row: (inout SeededGenerator) -> [Float]
    ) throws -> Double {
        var generator = SeededGenerator(seed: 77)
        var total = 0
        for seed in 0..<references {
            var detector = try make(&generator, UInt64(seed))
            for _ in 0..<streams {
                detector.reset()
                for _ in 0..<limit {
                    total += 1
                    if try detector.update(row(&generator)).drifted { break }
                }
            }
        }
        return Double(total) / Double(references * streams)
    }

    // The run time is nearly geometric, so a mean of k runs has a deviation of 1/√k; and it depends on the reference drawn.
    @Test func kernelDiscrepancyRunsAsLongAsExpected() throws {
        let mean = try meanRun(references: 8, streams: 15, limit: 400) { generator, seed in
            try OnlineMMD(
                reference: normals(120, 2, &generator),
                options: OnlineOptions(expectedRunTime: 25, windows: [5], bootstraps: 600, seed: seed)
            )
        } row: {
            [Float($0.normal()), Float($0.normal())]
        }
        #expect((15...38).contains(mean), "\(mean)")
    }

    @Test func densityDifferenceRunsAsLongAsExpected() throws {
        let mean = try meanRun(references: 8, streams: 15, limit: 400) { generator, seed in
            try OnlineLSDD(
                reference: normals(120, 2, &generator),
                options: OnlineOptions(expectedRunTime: 25, windows: [5], bootstraps: 600, seed: seed)
            )
        } row: {
            [Float($0.normal()), Float($0.normal())]
        }
        #expect((15...38).contains(mean), "\(mean)")
    }

    // For these two the run time counts from the row on at which the shortest window is full.
    @Test func cramerVonMisesRunsAsLongAsExpected() throws {
        let mean = try meanRun(references: 20, streams: 10, limit: 600) { generator, seed in
            try OnlineCramerVonMises(
                reference: normals(150, 2, &generator),
                options: OnlineOptions(expectedRunTime: 40, windows: [5, 10], bootstraps: 600, seed: seed)
            )
        } row: {
            [Float($0.normal()), Float($0.normal())]
        }
        #expect((28...62).contains(mean - 4), "\(mean)")
    }

    @Test(arguments: OnlineFisherExact.Alternative.allCases)
    func fisherExactRunsAsLongAsExpected(alternative: OnlineFisherExact.Alternative) throws {
        let mean = try meanRun(references: 20, streams: 10, limit: 600) { generator, seed in
            try OnlineFisherExact(
                reference: bits(400, 0.4, &generator),
                options: OnlineOptions(expectedRunTime: 40, windows: [5, 10], bootstraps: 1_000, seed: seed),
                alternative: alternative
            )
        } row: {
            [$0.uniform() < 0.4 ? 1 : 0]
        }
        #expect((28...62).contains(mean - 4), "\(mean)")
    }

    @Test func aShiftEndsTheRunSoon() throws {
        var generator = SeededGenerator(seed: 5)
        let options = OnlineOptions(expectedRunTime: 60, windows: [8], bootstraps: 300, seed: 1)
        let reference = try normals(100, 3, &generator)
        var detectors: [any OnlineDetector] = [
            try OnlineMMD(reference: reference, options: options),
            try OnlineLSDD(reference: reference, options: options),
            try OnlineCramerVonMises(reference: reference, options: options),
        ]
        for index in detectors.indices {
            var delay = 0
            while delay < 40 {
                delay += 1
                let row = (0..<3).map { _ in Float(generator.normal() + 2.5) }
                if try detectors[index].update(row).drifted { break }
            }
            #expect(delay <= 12, "\(type(of: detectors[index])): \(delay)")
        }
        var fisher = try OnlineFisherExact(reference: bits(200, 0.2, &generator), options: options)
        var delay = 0
        while delay < 40 {
            delay += 1
            if try fisher.update([1]).drifted { break }
        }
        #expect(delay <= 12)
    }
}
