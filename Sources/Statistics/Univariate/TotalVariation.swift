import Core

/// The total variation distance with the p-value of a permutation test.
enum TotalVariation {
    /// How often labels are permuted.
    private static let permutations = 1_000

    /// Tests two tallies.
    ///
    /// Up to `StatisticsLimits.shuffledValues` values are shuffled by NumPy's legacy generator with seed 0, in the order that
    /// Evidently draws them; above, the counts of a random half are drawn directly, which is the same distribution.
    ///
    /// - Parameters:
    ///   - reference: The reference's values.
    ///   - current: The current values.
    ///   - pair: The counts of both over the same categories.
    /// - Returns: The distance, and the share of permutations that are at least as far apart.
    static func test(_ reference: CategoryTally, _ current: CategoryTally, _ pair: CategoryCounts) -> TestOutcome {
        let distance = ShareDistance.totalVariation(
            ShareDistance.shares(pair.reference, of: reference.count),
            ShareDistance.shares(pair.current, of: current.count)
        )
        let totals = zip(pair.reference, pair.current).map { $0 + $1 }
        let scale = Scale(reference: reference.count, current: current.count)
        let observed = scale.distance(pair.reference, totals: totals)
        var reached = 0
        if reference.count + current.count <= StatisticsLimits.shuffledValues {
            var codes = reference.codes
            let positions = Dictionary(uniqueKeysWithValues: zip(pair.keys, pair.keys.indices))
            let translated = current.keys.map { Int32(truncatingIfNeeded: positions[$0] ?? 0) }
            codes += current.codes.map { translated[Int($0)] }
            var generator = MersenneTwister(seed: 0)
            for _ in 0..<permutations {
                var shuffled = codes
                generator.shuffle(&shuffled)
                var counts = [Int](repeating: 0, count: totals.count)
                for code in shuffled.prefix(reference.count) { counts[Int(code)] += 1 }
                if scale.distance(counts, totals: totals) >= observed { reached += 1 }
            }
        } else {
            var generator = SeededGenerator(seed: 0)
            for _ in 0..<permutations {
                let counts = HypergeometricDraw.counts(totals, draws: reference.count, using: &generator)
                if scale.distance(counts, totals: totals) >= observed { reached += 1 }
            }
        }
        return TestOutcome(statistic: distance, pValue: Double(reached) / Double(permutations))
    }

    /// Distances as whole numbers, so that equal ones compare equal.
    private struct Scale {
        let reference: Int
        let current: Int

        /// Twice the distance times both sizes; at most 2e12 by the limit of values.
        func distance(_ counts: [Int], totals: [Int]) -> Int {
            var sum = 0
            for (count, total) in zip(counts, totals) {
                sum += abs(count * current - (total - count) * reference)
            }
            return sum
        }
    }
}
