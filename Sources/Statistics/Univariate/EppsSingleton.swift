package import Core
import Foundation

/// The Epps–Singleton test on the empirical characteristic functions at 0.4 and 0.8, as SciPy's `epps_singleton_2samp`.
package enum EppsSingleton {
    private static let points = [0.4, 0.8]
    /// Eigenvalues below this share of the largest are rounding.
    private static let cutoff = 1e-13

    /// Tests two samples.
    ///
    /// - Parameters:
    ///   - first: The first sample.
    ///   - second: The second sample.
    /// - Returns: W and the p-value by chi-squared with the covariance's rank.
    /// - Throws: `failedPrecondition` for fewer than five values on a side or no spread in the middle half of all.
    package static func test(_ first: SortedSample, _ second: SortedSample) throws(MartletError) -> TestOutcome {
        guard first.count >= 5, second.count >= 5 else {
            throw .insufficient("Epps–Singleton needs five values on each side", first.count, second.count)
        }
        let pooled = PooledSteps(first, second)
        let spread = quantile(0.75, of: pooled, first, second) - quantile(0.25, of: pooled, first, second)
        guard spread > 0, spread.isFinite else {
            throw .withoutSpread("the middle half of the values has no spread, which Epps–Singleton needs")
        }
        let (n, m) = (Double(first.count), Double(second.count))
        let scales = points.map { $0 / (spread / 2) }
        let (left, right) = (Waves(first.values, scales: scales), Waves(second.values, scales: scales))
        let total = n + m
        var covariance = JacobiMatrix(size: 4)
        for row in 0..<4 {
            for column in 0..<4 {
                covariance[row, column] =
                    total / n * left.covariance[row, column] + total / m * right.covariance[row, column]
            }
        }
        let difference = zip(left.means, right.means).map { $0 - $1 }
        let eigen = covariance.eigen()
        let largest = eigen.values.map(abs).max() ?? 0
        var (statistic, rank) = (0.0, 0)
        for (value, vector) in zip(eigen.values, eigen.vectors) where abs(value) > cutoff * largest {
            let projection = zip(vector, difference).map { $0 * $1 }.reduce(0, +)
            statistic += projection * projection / value
            rank += 1
        }
        statistic *= total
        guard rank > 0, statistic.isFinite else {
            throw .withoutSpread("the values have no spread that Epps–Singleton could compare")
        }
        if max(first.count, second.count) < 25 {
            statistic *= 1 / (1 + pow(total, -0.45) + 10.1 * (pow(n, -1.7) + pow(m, -1.7)))
        }
        return TestOutcome(
            statistic: statistic,
            pValue: ChiSquaredDistribution.survival(statistic, degrees: rank)
        )
    }

    /// The linear (type 7) quantile of the pooled sample.
    private static func quantile(
        _ share: Double,
        of pooled: PooledSteps,
        _ first: SortedSample,
        _ second: SortedSample
    ) -> Double {
        let position = share * Double(first.count + second.count - 1)
        let (index, fraction) = (Int(position), position - position.rounded(.down))
        var (low, high) = (0.0, 0.0)
        var isLowFound = false
        for step in pooled {
            let through = step.firstBelow + step.secondBelow + step.firstEqual + step.secondEqual
            if !isLowFound, through > index {
                low = step.value
                isLowFound = true
            }
            high = step.value
            if through > index + 1 { break }
        }
        let difference = high - low
        return fraction >= 0.5 ? high - difference * (1 - fraction) : low + difference * fraction
    }
}

/// The means and biased covariance of cos and sin of the scaled values.
private struct Waves {
    let means: [Double]
    let covariance: JacobiMatrix

    init(_ values: [Double], scales: [Double]) {
        let rows =
            scales.map { scale in values.map { cos(scale * $0) } } + scales.map { s in values.map { sin(s * $0) } }
        let count = Double(values.count)
        let means = rows.map { CompensatedSum.of($0) / count }
        var matrix = JacobiMatrix(size: rows.count)
        for (row, left) in rows.enumerated() {
            for column in 0...row {
                let right = rows[column]
                var sum = 0.0
                for index in values.indices { sum += (left[index] - means[row]) * (right[index] - means[column]) }
                matrix[row, column] = sum / count
                matrix[column, row] = sum / count
            }
        }
        self.means = means
        covariance = matrix
    }
}
