/// The exact distribution of the Mann–Whitney U statistic without ties.
///
/// The number of ways to reach each U are the coefficients of the Gaussian binomial: a product of (1 - q^(m+i)) / (1 - q^i),
/// taken factor by factor, each a running sum and a difference (Mann and Whitney 1947; Andrews 1976, chapter 3).
package enum MannWhitneyDistribution {
    /// The probability of at least u for samples of the given sizes.
    package static func survival(from u: Int, first: Int, second: Int) -> Double {
        let cells = first * second
        // Symmetric: P(U ≥ u) = P(U ≤ cells - u).
        let mirrored = cells - u
        guard mirrored >= 0 else { return 0 }
        if mirrored < u { return cumulative(mirrored, first: first, second: second) }
        return u <= 0 ? 1 : 1 - cumulative(u - 1, first: first, second: second)
    }

    /// The probability of at most u, which is below the middle.
    private static func cumulative(_ u: Int, first: Int, second: Int) -> Double {
        let (smaller, larger) = (min(first, second), max(first, second))
        var ways = [Double](repeating: 0, count: u + 1)
        ways[0] = 1
        var total = 1.0
        for index in 1...max(smaller, 1) where smaller > 0 {
            for position in stride(from: index, through: u, by: 1) { ways[position] += ways[position - index] }
            let reach = larger + index
            for position in stride(from: u, through: reach, by: -1) { ways[position] -= ways[position - reach] }
            total *= Double(larger + index) / Double(index)
        }
        return min(ways.reduce(0, +) / total, 1)
    }
}
