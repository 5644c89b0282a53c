import Core
import Testing

import Statistics

struct EnergyDistanceTests {
    /// The distance by its definition, in doubles.
    private func naive(_ x: [[Double]], _ y: [[Double]]) -> Double {
        func mean(_ a: [[Double]], _ b: [[Double]]) -> Double {
            var sum = 0.0
            for left in a {
                for right in b {
                    sum += zip(left, right).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
                }
            }
            return sum / Double(a.count * b.count)
        }
        return max(0, 2 * mean(x, y) - mean(x, x) - mean(y, y)).squareRoot()
    }

    @Test(arguments: [(9, 5), (5, 9), (2, 2), (20, 31)])
    func equalsItsDefinition(sizes: (Int, Int)) throws {
        var generator = SeededGenerator(seed: UInt64(sizes.0))
        let x = (0..<sizes.0).map { _ in (0..<3).map { _ in Double(Float(generator.normal())) } }
        let y = (0..<sizes.1).map { _ in (0..<3).map { _ in Double(Float(generator.normal() + 1)) } }
        let order = generator.permutation(sizes.0 + sizes.1)
        let result = try EnergyDistance(reference: SampleMatrix(rows: x.map { $0.map(Float.init) }), scaling: .none)
            .test(SampleMatrix(rows: y.map { $0.map(Float.init) }), permutations: .given([order]))
        #expect(agree(result.statistic, naive(x, y), relative: 1e-5))
        let all = x + y
        let permuted = naive(order[..<sizes.0].map { all[$0] }, order[sizes.0...].map { all[$0] })
        #expect(agree(result.permuted[0], permuted, relative: 1e-4, absolute: 1e-3))
    }

    /// SciPy 1.17.1: energy_distance([0, 1, 3], [5, 6, 8]) and ([1, 2, 3, 4], [2, 2, 5, 9]).
    @Test func equalsSciPyOnOneFeature() throws {
        for (x, y, wanted) in [
            ([Float](arrayLiteral: 0, 1, 3), [Float](arrayLiteral: 5, 6, 8), 2.7080128015453204),
            ([1, 2, 3, 4], [2, 2, 5, 9], 1.118033988749895),
        ] {
            let result = try EnergyDistance(reference: SampleMatrix(rows: x.map { [$0] }), scaling: .none)
                .test(SampleMatrix(rows: y.map { [$0] }), permutations: .random(count: 1, seed: 0))
            #expect(agree(result.statistic, wanted, relative: 1e-6), "\(result.statistic)")
        }
    }

    @Test func equalSamplesHaveNoDistance() throws {
        let rows = try SampleMatrix(rows: [[1, 2], [3, 1], [2, 2]])
        let result = try EnergyDistance(reference: rows).test(rows, permutations: .random(count: 50, seed: 0))
        #expect(result.statistic < 1e-3)
        #expect(!result.result(level: 0.05).drifted)
    }

    @Test func badInputIsATypedError() throws {
        let good = try SampleMatrix(rows: [[1, 2], [2, 3], [4, 1]])
        let some = Permutations.random(count: 3, seed: 0)
        let one = try SampleMatrix(rows: [[1, 2]])
        let code = TestSamples.code
        #expect(code { _ = try EnergyDistance(reference: one) } == .failedPrecondition)
        let distance = try EnergyDistance(reference: good)
        #expect(code { _ = try distance.test(one, permutations: some) } == .failedPrecondition)
        let missing = try SampleMatrix(rows: [[.nan, 1], [1, .infinity], [1, 1]])
        #expect(code { _ = try distance.test(missing, permutations: some) } == .failedPrecondition)
        #expect(
            code { _ = try distance.test(SampleMatrix(rows: [[1], [2]]), permutations: some) } == .invalidArgument
        )
        #expect(
            code { _ = try distance.test(good, permutations: .random(count: 0, seed: 0)) } == .invalidArgument
        )
        // A constant reference has distances, all 0: rows elsewhere are far from it.
        let same = try EnergyDistance(reference: SampleMatrix(rows: (0..<30).map { _ in [1, 1] }))
        let moved = try SampleMatrix(rows: (0..<10).map { _ in [2, 1] })
        #expect(try same.test(moved, permutations: .random(count: 50, seed: 0)).result(level: 0.05).drifted)
    }
}
