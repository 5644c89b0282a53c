package import Core

/// The Z test of two proportions with a pooled variance, as Evidently does it.
package enum TwoProportions {
    /// Tests whether two shares are equal.
    ///
    /// - Parameters:
    ///   - reference: How many of the reference's values count, and how many there are.
    ///   - current: How many of the current values count, and how many there are.
    /// - Returns: z and the two-sided p-value; 0 and 1 when all or none count on both sides.
    /// - Throws: `failedPrecondition` when either side has no value.
    package static func test(
        reference: (hits: Int, count: Int),
        current: (hits: Int, count: Int)
    ) throws(MartletError) -> TestOutcome {
        guard reference.count > 0, current.count > 0 else {
            throw .insufficient("a Z test needs values on both sides", reference.count, current.count)
        }
        let (n, m) = (Double(reference.count), Double(current.count))
        let (left, right) = (Double(reference.hits) / n, Double(current.hits) / m)
        let pooled = (left * n + right * m) / (n + m)
        let variance = pooled * (1 - pooled) * (1 / n + 1 / m)
        guard variance > 0 else { return TestOutcome(statistic: 0, pValue: 1) }
        let z = (left - right) / variance.squareRoot()
        // Written as the peer has it: a p-value below 1e-16 rounds to 0 there, and scores agree to the last digits.
        return TestOutcome(statistic: z, pValue: 2 * (1 - NormalDistribution.cumulative(abs(z))))
    }
}
