import Core
import Testing

import Statistics

/// Results depend on the rows and the seed, not on which core did what.
struct PermutationDeterminismTests {
    @Test func everyRunGivesTheSameBits() async throws {
        var generator = SeededGenerator(seed: 31)
        // Enough rows for several pieces of work per core.
        let reference = try TestSamples.normal(700, 5, &generator)
        let current = try TestSamples.normal(300, 5, shift: 0.02, &generator)
        let some = Permutations.random(count: 20, seed: 4)
        let results = try await withThrowingTaskGroup(of: [PermutationTest].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try [
                        MaximumMeanDiscrepancy(reference: reference).test(current, permutations: some),
                        MaximumMeanDiscrepancy(reference: reference, bandwidth: .medianAcross)
                            .test(current, permutations: some),
                        EnergyDistance(reference: reference).test(current, permutations: some),
                        LeastSquaresDensityDifference(reference: reference).test(current, permutations: some),
                    ]
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.allSatisfy { $0 == results[0] })
        #expect(results[0].allSatisfy { $0.permuted.count == 20 })
    }

    @Test func theRolesOfTheSamplesMayBeExchanged() throws {
        var generator = SeededGenerator(seed: 32)
        let few = try TestSamples.normal(12, 3, &generator)
        let many = try TestSamples.normal(30, 3, shift: 1, &generator)
        let order = generator.permutation(42)
        // The same split from the other side: the rows of `few` come last instead of first.
        let turned = order.map { $0 < 12 ? $0 + 30 : $0 - 12 }
        let left = try MaximumMeanDiscrepancy(reference: few, bandwidth: .fixed([2]))
            .test(many, permutations: .given([order]))
        let right = try MaximumMeanDiscrepancy(reference: many, bandwidth: .fixed([2]))
            .test(few, permutations: .given([Array(turned[12...] + turned[..<12])]))
        #expect(agree(left.statistic, right.statistic, relative: 1e-5))
        #expect(agree(left.permuted[0], right.permuted[0], relative: 1e-4, absolute: 1e-6))
    }
}
