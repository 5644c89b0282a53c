/// Sums, means and deviations that performance metrics are made of.
enum Sums {
    /// The sum of the values, with Neumaier's compensation so that the order of rows does not show.
    static func sum(_ values: some Sequence<Double>) -> Double {
        var total = 0.0
        var lost = 0.0
        for value in values {
            let next = total + value
            lost += abs(total) >= abs(value) ? (total - next) + value : (value - next) + total
            total = next
        }
        return lost.isFinite ? total + lost : total
    }

    /// The mean; NaN without values.
    static func mean(_ values: some Collection<Double>) -> Double { sum(values) / Double(values.count) }

    /// The variance with `n - freedom` in the denominator; NaN when that is not positive.
    static func variance(_ values: some Collection<Double>, freedom: Int = 0) -> Double {
        guard values.count > freedom else { return .nan }
        let mean = mean(values)
        return sum(values.lazy.map { ($0 - mean) * ($0 - mean) }) / Double(values.count - freedom)
    }

    /// The standard error of the mean; nil for fewer than two values.
    static func standardError(_ values: some Collection<Double>) -> Double? {
        values.count > 1 ? (variance(values, freedom: 1) / Double(values.count)).squareRoot() : nil
    }

    /// The median; NaN without values.
    static func median(_ values: [Double]) -> Double {
        let ordered = values.sorted()
        guard !ordered.isEmpty else { return .nan }
        let middle = ordered.count / 2
        return ordered.count.isMultiple(of: 2) ? ordered[middle - 1] / 2 + ordered[middle] / 2 : ordered[middle]
    }
}
