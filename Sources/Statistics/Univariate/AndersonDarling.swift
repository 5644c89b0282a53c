package import Core

/// The Anderson–Darling test of two samples in its midrank form, as SciPy's `anderson_ksamp` (Scholz and Stephens 1987).
package enum AndersonDarling {
    /// Tests two samples.
    ///
    /// - Parameters:
    ///   - first: The first sample.
    ///   - second: The second sample.
    /// - Returns: The standardised statistic and the interpolated p-value, which stays within 0.001 to 0.25.
    /// - Throws: `failedPrecondition` for fewer than four values altogether or one value only.
    package static func test(_ first: SortedSample, _ second: SortedSample) throws(MartletError) -> TestOutcome {
        let total = first.count + second.count
        guard total >= 4 else {
            throw .insufficient("Anderson–Darling needs four values together", first.count, second.count)
        }
        guard first.values[0] != second.values[second.count - 1] || second.values[0] != first.values[first.count - 1]
        else {
            throw .withoutSpread("Anderson–Darling needs two different values, all are equal")
        }
        let (n, m, all) = (Double(first.count), Double(second.count), Double(total))
        var (left, right) = (0.0, 0.0)
        for step in PooledSteps(first, second) {
            let equal = Double(step.firstEqual + step.secondEqual)
            let below = Double(step.firstBelow + step.secondBelow) + equal / 2
            let divisor = below * (all - below) - all * equal / 4
            let a = all * (Double(step.firstBelow) + Double(step.firstEqual) / 2) - below * n
            let b = all * (Double(step.secondBelow) + Double(step.secondEqual) / 2) - below * m
            left += equal / all * a * a / divisor
            right += equal / all * b * b / divisor
        }
        let raw = (left / n + right / m) * (all - 1) / all
        let statistic = (raw - 1) / variance(n, m).squareRoot()
        return TestOutcome(statistic: statistic, pValue: AndersonDarlingDistribution.survival(statistic))
    }

    /// The variance of the raw statistic of two samples (Scholz and Stephens 1987, equation 4).
    private static func variance(_ n: Double, _ m: Double) -> Double {
        let total = n + m
        var (h, g) = (0.0, 0.0)
        var divisor = 2.0
        while divisor < total {
            h += 1 / (total + 1 - divisor)
            g += h / divisor
            divisor += 1
        }
        h += 1
        let inverse = 1 / n + 1 / m
        let a = (4 * g - 6) + (10 - 6 * g) * inverse
        let b = (2 * g - 4) * 4 + 8 * h * 2 + (2 * g - 14 * h - 4) * inverse - 8 * h + 4 * g - 6
        let c = (6 * h + 2 * g - 2) * 4 + (4 * h - 4 * g + 6) * 2 + (2 * h - 6) * inverse + 4 * h
        let d = (2 * h + 6) * 4 - 8 * h
        let cube = ((a * total + b) * total + c) * total + d
        return cube / ((total - 1) * (total - 2) * (total - 3))
    }
}
