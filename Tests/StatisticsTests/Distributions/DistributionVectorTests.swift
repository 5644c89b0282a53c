import Core
import Testing

import Statistics

/// Special functions on both sides of every change of formula, against SciPy.
struct DistributionVectorTests {
    @Test(arguments: ["chi2_sf", "t_two_sided", "beta_inc", "hypergeometric_cdf"])
    func equalsSciPy(_ name: String) throws {
        let rows = try VectorFile("univariate_edges.json").cases(name)
        #expect(rows.count > 30)
        for row in rows {
            let values = try row.numbers()
            let found =
                switch name {
                case "chi2_sf": ChiSquaredDistribution.survival(values[1], degrees: Int(values[0]))
                case "t_two_sided": StudentDistribution.twoSided(values[1], degrees: values[0])
                case "beta_inc": RegularizedBeta.lower(values[2], complement: 1 - values[2], a: values[0], b: values[1])
                default: try cumulative(values)
                }
            let wanted = try #require(values.last)
            #expect(agree(found, wanted, relative: 1e-9), "\(name) \(values): \(found)")
        }
    }

    private func cumulative(_ values: [Double]) throws -> Double {
        let distribution = try #require(
            HypergeometricDistribution(total: Int(values[0]), marked: Int(values[1]), draws: Int(values[2]))
        )
        return distribution.cumulative(Int(values[3]))
    }

    @Test func gammaHalvesAddUpToOne() {
        for shape in [0.5, 1, 3.7, 40, 1e4, 1e7] {
            for factor in [1e-9, 0.3, 0.99, 1, 1.01, 3] {
                let x = shape * factor
                let sum = RegularizedGamma.lower(shape: shape, x) + RegularizedGamma.upper(shape: shape, x)
                #expect(agree(sum, 1, relative: 1e-12), "\(shape) \(x)")
            }
        }
        #expect(RegularizedGamma.lower(shape: 2, 0) == 0 && RegularizedGamma.upper(shape: 2, -1) == 1)
        #expect(RegularizedGamma.lower(shape: 2, .infinity) == 1 && RegularizedGamma.upper(shape: 2, .infinity) == 0)
    }

    @Test func betaIsSymmetricAndBounded() {
        #expect(agree(RegularizedBeta.lower(0.3, complement: 0.7, a: 2, b: 5), 0.579_825, relative: 1e-12))
        for (a, b) in [(0.5, 0.5), (3, 900), (1e5, 2e5)] {
            let x = a / (a + b)
            let (left, right) = (
                RegularizedBeta.lower(x, complement: 1 - x, a: a, b: b),
                RegularizedBeta.lower(1 - x, complement: x, a: b, b: a)
            )
            #expect(agree(left + right, 1, relative: 1e-10))
        }
        #expect(RegularizedBeta.lower(0, complement: 1, a: 1, b: 1) == 0)
        #expect(RegularizedBeta.lower(1, complement: 0, a: 1, b: 1) == 1)
    }

    @Test func normalTailsKeepTheirDigits() {
        #expect(agree(NormalDistribution.survival(10), 7.619_853_024_160_525e-24, relative: 1e-12))
        #expect(agree(NormalDistribution.cumulative(1.959_963_984_540_054), 0.975, relative: 1e-12))
        #expect(NormalDistribution.cumulative(-.infinity) == 0 && NormalDistribution.survival(-.infinity) == 1)
    }

    @Test func contradictoryHypergeometricsAreRefused() {
        for (total, marked, draws) in [(5, 6, 1), (5, 1, 6), (-1, 0, 0), (5, -1, 2)] {
            #expect(HypergeometricDistribution(total: total, marked: marked, draws: draws) == nil)
        }
        let single = HypergeometricDistribution(total: 5, marked: 5, draws: 3)
        #expect(single?.probability(3) == 1 && single?.survival(from: 4) == 0 && single?.cumulative(2) == 0)
    }

    @Test func exactCountsAreProbabilities() {
        // Among 3 and 2 values U is 0…6 in 1, 1, 2, 2, 2, 1, 1 of 10 ways.
        let shares = (0...7).map { MannWhitneyDistribution.survival(from: $0, first: 3, second: 2) }
        for (found, wanted) in zip(shares, [1, 0.9, 0.8, 0.6, 0.4, 0.2, 0.1, 0]) {
            #expect(agree(found, wanted, relative: 1e-12, absolute: 1e-15))
        }
        #expect(CramerVonMisesDistribution.exact(rankSum: 0, first: 4, second: 4) == 1)
    }

    @Test func generatorEqualsNumPysLegacyOne() throws {
        let file = try VectorFile("univariate_edges.json")
        var generator = MersenneTwister(seed: 0)
        for wanted in try file.cases("legacy_permutations") {
            let order = try wanted.numbers().map { Int($0) }
            var shuffled = Array(0..<order.count)
            generator.shuffle(&shuffled)
            #expect(shuffled == order)
        }
        var bits = MersenneTwister(seed: 5_489)
        let wanted = try #require(file.root["legacy_bits"]).numbers()
        #expect(wanted.map { UInt32($0) } == wanted.map { _ in bits.next() })
    }
}
