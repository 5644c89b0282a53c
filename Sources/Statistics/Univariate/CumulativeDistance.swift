import Core

/// Distances between the empirical distribution functions of two samples, as SciPy has them.
package enum CumulativeDistance {
    /// The first Wasserstein distance: the area between the distribution functions.
    ///
    /// - Parameters:
    ///   - first: The first sample.
    ///   - second: The second sample.
    /// - Returns: The distance in the unit of the values.
    package static func wasserstein(_ first: SortedSample, _ second: SortedSample) -> Double {
        integral(first, second) { abs($0) }
    }

    /// The energy distance: the root of twice the area between the distribution functions squared.
    ///
    /// - Parameters:
    ///   - first: The first sample.
    ///   - second: The second sample.
    /// - Returns: The distance in the root of the values' unit.
    package static func energy(_ first: SortedSample, _ second: SortedSample) -> Double {
        (2 * integral(first, second) { $0 * $0 }).squareRoot()
    }

    /// The standard deviation (by n) that Evidently divides the Wasserstein distance by, at least 0.001.
    static func norm(_ reference: SortedSample) -> Double {
        max((max(reference.squaredDeviations, 0) / Double(reference.count)).squareRoot(), 0.001)
    }

    private static func integral(
        _ first: SortedSample,
        _ second: SortedSample,
        _ height: (Double) -> Double
    ) -> Double {
        let (a, b) = (first.values, second.values)
        let (n, m) = (Double(a.count), Double(b.count))
        var (i, j) = (0, 0)
        var sum = 0.0
        var last = min(a[0], b[0])
        while i < a.count || j < b.count {
            let takesFirst = j >= b.count || (i < a.count && a[i] <= b[j])
            let value = takesFirst ? a[i] : b[j]
            if value > last {
                sum += height(Double(i) / n - Double(j) / m) * (value - last)
                last = value
            }
            if takesFirst { i += 1 } else { j += 1 }
        }
        return sum
    }
}
