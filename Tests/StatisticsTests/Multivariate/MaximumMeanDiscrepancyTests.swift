import Core
import Foundation
import Testing

import Statistics

struct MaximumMeanDiscrepancyTests {
    @Test func equalsAlibiOnItsVectors() throws {
        let file = try VectorFile("alibi_mmd.json")
        // The peer compared the same data sets in both files.
        let data = try VectorFile("alibi_lsdd.json")
        let cases = try file.cases()
        #expect(cases.count == 20)
        for item in cases {
            let id = try item.text("id")
            let dataset = try item.text("dataset")
            let expected = try #require(item["expected"])
            let bandwidth: MaximumMeanDiscrepancy.Bandwidth =
                if let sigma = item["params"]?["sigma"] {
                    .fixed(try sigma.numbers())
                } else if item["params"]?["configure_kernel_from_x_ref"]?.boolValue == false {
                    .medianAcross
                } else {
                    .medianOfReference
                }
            // The peer drew the same permutations in every case of a data set; they stand in the first.
            let recorded = cases.first { $0["dataset"] == item["dataset"] }?["permutations"]?.arrayValue
            let vectors = try #require(recorded).map { try $0.numbers().map { Int($0) } }
            let result = try MaximumMeanDiscrepancy(reference: data.rows(dataset, "reference"), bandwidth: bandwidth)
                .test(data.rows(dataset, "current"), permutations: .given(vectors))

            for (sigma, wanted) in try zip(result.sigmas, expected.numbers("sigma")) {
                #expect(agree(sigma, wanted, relative: 1e-4, absolute: 1e-6), "\(id)")
            }
            let distance = try expected.number("distance")
            #expect(agree(result.statistic, distance, relative: 1e-4, absolute: 1e-6), "\(id) \(result.statistic)")
            let threshold = try expected.number("distance_threshold")
            #expect(agree(result.threshold(level: 0.05), threshold, relative: 1e-4, absolute: 1e-6), "\(id)")
            // Exact save for a permutation that redraws the observed split, where float rounding decides.
            let wanted = try expected.number("p_val")
            let slack = 1e-5 * max(1e-3, abs(result.statistic))
            let low = result.permuted.count { $0 > result.statistic + slack }
            let high = result.permuted.count { $0 >= result.statistic - slack }
            #expect((low...high).contains(Int((wanted * 100).rounded())), "\(id) \(result.pValue)")
            if low == high { #expect(agree(result.pValue, wanted, relative: 1e-6), "\(id)") }
            #expect(try (result.pValue < 0.05) == (expected.number("is_drift") == 1), "\(id)")
        }
    }

    @Test func equalsEvidentlyOnOneFeature() throws {
        let file = try VectorFile("evidently_numeric.json")
        let datasets = try #require(file.root["datasets"]?.objectValue)
        #expect(datasets.count == 13)
        for name in datasets.keys {
            let dataset = try #require(datasets[name])
            let sides = try ["reference", "current"].map { side in
                try SampleMatrix(names: ["x"], elements: file.values(name, side).map(Float.init))
            }
            let result = try MaximumMeanDiscrepancy(
                reference: sides[0],
                bandwidth: .fixed([dataset.number("mmd_sigma")])
            ).test(sides[1], permutations: .random(count: 1, seed: 1))
            let wanted = try dataset.number("mmd2_unbiased")
            #expect(agree(result.statistic, wanted, relative: 1e-4, absolute: 1e-6), "\(name) \(result.statistic)")
        }
    }

    /// The statistic by its definition, in doubles, over the complete kernel.
    private func naive(_ x: [[Double]], _ y: [[Double]], sigma: Double) -> Double {
        func mean(_ a: [[Double]], _ b: [[Double]], pairs: Double, same: Bool) -> Double {
            var sum = 0.0
            for (i, left) in a.enumerated() {
                for (j, right) in b.enumerated() where !same || i != j {
                    let squared = zip(left, right).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
                    sum += exp(-squared / (2 * sigma * sigma))
                }
            }
            return sum / pairs
        }
        let (n, m) = (Double(x.count), Double(y.count))
        return mean(x, x, pairs: n * (n - 1), same: true) + mean(y, y, pairs: m * (m - 1), same: true)
            - 2 * mean(x, y, pairs: n * m, same: false)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 7, 8, 9])
    func equalsItsDefinitionForEveryWidth(features: Int) throws {
        var generator = SeededGenerator(seed: UInt64(features))
        let x = (0..<11).map { _ in (0..<features).map { _ in Double(Float(generator.normal())) } }
        let y = (0..<6).map { _ in (0..<features).map { _ in Double(Float(generator.normal() + 0.5)) } }
        let order = generator.permutation(17)
        let result = try MaximumMeanDiscrepancy(
            reference: SampleMatrix(rows: x.map { $0.map(Float.init) }),
            bandwidth: .fixed([1.3])
        ).test(SampleMatrix(rows: y.map { $0.map(Float.init) }), permutations: .given([order]))
        #expect(agree(result.statistic, naive(x, y, sigma: 1.3), relative: 1e-5, absolute: 1e-7))
        let all = x + y
        let permuted = naive(order[..<11].map { all[$0] }, order[11...].map { all[$0] }, sigma: 1.3)
        #expect(agree(result.permuted[0], permuted, relative: 1e-5, absolute: 1e-7))
    }

    @Test func exponentialIsWithinTwoParts() {
        for step in 0...8_800 {
            let x = -Float(step) / 100
            let wanted = x > -87 ? Float(exp(Double(x))) : 0
            #expect(abs(GaussianKernel.exponential(x) - wanted) <= 3e-7 * wanted, "\(x)")
        }
        #expect(GaussianKernel.exponential(0) == 1)
        #expect(GaussianKernel.exponential(-.infinity) == 0)
        #expect(GaussianKernel.exponential(-.greatestFiniteMagnitude) == 0)
    }

    @Test func rankSelectionFindsEveryRank() {
        var generator = SeededGenerator(seed: 3)
        var values = (0..<500).map { _ in Float(pow(10, generator.uniform(-20, 20))) }
        values += [0, 0, 0, 1, 1, .infinity]
        let sorted = values.sorted()
        for rank in sorted.indices {
            #expect(RankSelection.value(atRank: rank, in: values) == sorted[rank])
        }
        // Long enough for the histogram, and for several parts of it.
        for count in [4_097, 120_000] {
            let many = (0..<count).map { $0 % 100 == 0 ? Float.infinity : Float(generator.uniform(0, 3)).rounded(.up) }
                .map { $0 == 2 ? Float(generator.uniform(1, 4)) : $0 }
            let inOrder = many.sorted()
            for rank in [0, 1, count / 3, count / 2, count * 2 / 3, count - 2, count - 1] {
                #expect(RankSelection.value(atRank: rank, in: many) == inOrder[rank])
            }
        }
    }

    @Test(arguments: [1e-30, 1e-9, 1, 1e12, 1e30])
    func scaleDoesNotMatter(scale: Double) throws {
        var generator = SeededGenerator(seed: 9)
        let x = (0..<20).map { _ in [Float(generator.normal()), Float(generator.normal())] }
        let y = (0..<10).map { _ in [Float(generator.normal() + 1), Float(generator.normal())] }
        func statistic(_ factor: Float, _ scaling: MaximumMeanDiscrepancy.Scaling) throws -> Double {
            try MaximumMeanDiscrepancy(
                reference: SampleMatrix(rows: x.map { $0.map { $0 * factor } }),
                scaling: scaling
            ).test(
                SampleMatrix(rows: y.map { $0.map { $0 * factor } }),
                permutations: .random(count: 1, seed: 0)
            ).statistic
        }
        for scaling in [MaximumMeanDiscrepancy.Scaling.none, .standardised] {
            let plain = try statistic(1, scaling)
            let scaled = try statistic(Float(scale), scaling)
            #expect(agree(scaled, plain, relative: 1e-4), "\(scaling)")
        }
    }

    @Test func edgesAreTypedErrors() throws {
        let good = try SampleMatrix(rows: [[1, 2], [2, 3], [4, 1]])
        func code(_ body: () throws -> Void) -> MartletError.Code? {
            #expect(throws: MartletError.self) { try body() }?.code
        }
        let same = try SampleMatrix(rows: [[1, 1], [1, 1], [1, 1]])
        #expect(code { _ = try MaximumMeanDiscrepancy(reference: same) } == .failedPrecondition)
        let one = try SampleMatrix(rows: [[1, 2]])
        #expect(code { _ = try MaximumMeanDiscrepancy(reference: one) } == .failedPrecondition)
        for bad in [[], [0.0], [-1], [.nan], [.infinity]] {
            #expect(
                code { _ = try MaximumMeanDiscrepancy(reference: good, bandwidth: .fixed(bad)) } == .invalidArgument
            )
        }
        let widths = (0..<StatisticsLimits.bandwidths).map { Double($0 + 1) }
        #expect(try MaximumMeanDiscrepancy(reference: good, bandwidth: .fixed(widths)).referenceRows == 3)
        #expect(
            code { _ = try MaximumMeanDiscrepancy(reference: good, bandwidth: .fixed(widths + [1])) }
                == .invalidArgument
        )
        let discrepancy = try MaximumMeanDiscrepancy(reference: good)
        let some = MaximumMeanDiscrepancy.Permutations.random(count: 3, seed: 0)
        #expect(code { _ = try discrepancy.test(one, permutations: some) } == .failedPrecondition)
        let missing = try SampleMatrix(rows: [[.nan, 1], [1, .infinity], [1, 1]])
        #expect(code { _ = try discrepancy.test(missing, permutations: some) } == .failedPrecondition)
        let narrow = try SampleMatrix(rows: [[1], [2]])
        #expect(code { _ = try discrepancy.test(narrow, permutations: some) } == .invalidArgument)
        for vectors in [[[0, 1, 2, 3, 4, 4]], [[0, 1]], [[0, 1, 2, 3, 4, 9]], []] {
            #expect(code { _ = try discrepancy.test(good, permutations: .given(vectors)) } == .invalidArgument)
        }
        for count in [0, -1, StatisticsLimits.permutations + 1] {
            #expect(
                code { _ = try discrepancy.test(good, permutations: .random(count: count, seed: 0)) }
                    == .invalidArgument
            )
        }
    }

    @Test func rowLimitHoldsAtTheLimitAndOnePast() throws {
        // Equal rows pass the check of their number and fail the one of their distances, before any kernel is made.
        let most = try SampleMatrix(names: ["x"], elements: [Float](repeating: 1, count: StatisticsLimits.kernelRows))
        let atLimit = #expect(throws: MartletError.self) { try MaximumMeanDiscrepancy(reference: most) }
        #expect(atLimit?.code == .failedPrecondition)
        let more = try SampleMatrix(names: ["x"], elements: most.elements + [1])
        let past = #expect(throws: MartletError.self) { try MaximumMeanDiscrepancy(reference: more) }
        #expect(past?.code == .payloadTooLarge)
        let few = try MaximumMeanDiscrepancy(reference: SampleMatrix(rows: [[1], [2], [4]]))
        let together = #expect(throws: MartletError.self) {
            try few.test(most, permutations: .random(count: 1, seed: 0))
        }
        #expect(together?.code == .payloadTooLarge)
    }

    @Test func extremeCurrentValuesDoNotSpoilTheStatistic() throws {
        let reference = try SampleMatrix(rows: (0..<8).map { [Float($0), Float($0 % 3)] })
        let far = Float.greatestFiniteMagnitude
        let current = try SampleMatrix(rows: [[far, 1], [-far, 1], [far, -far], [0, 0]])
        for scaling in [MaximumMeanDiscrepancy.Scaling.none, .standardised] {
            let result = try MaximumMeanDiscrepancy(reference: reference, scaling: scaling)
                .test(current, permutations: .random(count: 20, seed: 1))
            #expect(result.statistic.isFinite)
            #expect(!result.permuted.contains { !$0.isFinite })
        }
    }
}
