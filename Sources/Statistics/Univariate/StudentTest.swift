package import Core

/// The t-test of two means, as SciPy's `ttest_ind`.
package enum StudentTest {
    /// Tests two samples.
    ///
    /// Samples without any spread have a certain answer: p is 1 when their values are equal, else 0.
    ///
    /// - Parameters:
    ///   - first: The first sample.
    ///   - second: The second sample.
    ///   - equalVariances: Whether the variances are pooled (Student) or kept apart (Welch).
    /// - Returns: t and the two-sided p-value.
    /// - Throws: `failedPrecondition` for too few values or numbers whose squares overflow.
    package static func test(
        _ first: SortedSample,
        _ second: SortedSample,
        equalVariances: Bool = true
    ) throws(MartletError) -> TestOutcome {
        let (n, m) = (Double(first.count), Double(second.count))
        let fewest = min(first.count, second.count)
        guard equalVariances ? first.count + second.count > 2 : fewest > 1 else {
            let need =
                equalVariances ? "a t-test needs three values together" : "Welch's test needs two values on each side"
            throw .insufficient(need, first.count, second.count)
        }
        let difference = first.mean(around: first.centre) - second.mean(around: first.centre)
        let (left, right) = (first.squaredDeviations, second.squaredDeviations)
        var degrees = n + m - 2
        var squared = (left + right) / degrees * (1 / n + 1 / m)
        if !equalVariances {
            let (a, b) = (left / (n - 1) / n, right / (m - 1) / m)
            squared = a + b
            degrees = squared * squared / (a * a / (n - 1) + b * b / (m - 1))
        }
        guard difference.isFinite, squared.isFinite else {
            throw .withoutSpread("the numbers are too large for a t-test")
        }
        guard squared > 0, degrees.isFinite else {
            return difference == 0
                ? TestOutcome(statistic: 0, pValue: 1)
                : TestOutcome(statistic: difference > 0 ? .infinity : -.infinity, pValue: 0)
        }
        let t = difference / squared.squareRoot()
        return TestOutcome(statistic: t, pValue: StudentDistribution.twoSided(t, degrees: degrees))
    }
}
