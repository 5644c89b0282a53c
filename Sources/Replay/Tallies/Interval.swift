/// What an estimate may be by chance, at 95 %.
package struct Interval: Sendable, Equatable {
    /// The estimate.
    package let value: Double
    /// The lower bound.
    package let low: Double
    /// The upper bound.
    package let high: Double

    /// The 97.5 % quantile of the normal distribution.
    static let z = 1.959963984540054

    /// Makes an interval.
    package init(_ value: Double, low: Double, high: Double) {
        self.value = value
        self.low = low
        self.high = high
    }

    /// A share, after Wilson (1927); nil when nothing was looked at.
    package init?(share count: Int, of total: Int) {
        guard total > 0 else { return nil }
        let (n, share) = (Double(total), Double(count) / Double(total))
        let square = Self.z * Self.z
        let centre = (share + square / (2 * n)) / (1 + square / n)
        let half = Self.z / (1 + square / n) * (share * (1 - share) / n + square / (4 * n * n)).squareRoot()
        // At the ends the bound is exact, whatever the rounding says.
        self.init(
            share,
            low: count == 0 ? 0 : max(0, centre - half),
            high: count == total ? 1 : min(1, centre + half)
        )
    }

    /// The difference of two shares on the same rows, after Agresti and Min (2005): half a row is added to each of the
    /// four cells; nil without rows.
    ///
    /// - Parameters:
    ///   - gained: rows that only the first got right.
    ///   - lost: rows that only the second got right.
    ///   - total: all rows.
    package init?(gained: Int, lost: Int, of total: Int) {
        guard total > 0 else { return nil }
        let (n, up, down) = (Double(total) + 2, Double(gained) + 0.5, Double(lost) + 0.5)
        let centre = (up - down) / n
        let half = Self.z * max(0, up + down - (up - down) * (up - down) / n).squareRoot() / n
        self.init(
            Double(gained - lost) / Double(total),
            low: max(-1, centre - half),
            high: min(1, centre + half)
        )
    }

    /// A mean with its variance over rows; nil without rows.
    package init?(mean: Double, variance: Double, count: Int) {
        guard count > 0, mean.isFinite else { return nil }
        // One row says nothing of how others would be.
        guard count > 1, variance.isFinite else {
            self.init(mean, low: -.infinity, high: .infinity)
            return
        }
        let half = Self.z * (max(0, variance) / Double(count)).squareRoot()
        self.init(mean, low: mean - half, high: mean + half)
    }
}
