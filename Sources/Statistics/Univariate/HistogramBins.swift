import Foundation

/// Edges and counts of histograms, as NumPy's `histogram_bin_edges` and `histogram` make them.
///
/// Edges ascend; a bin holds its lower edge, only the last one holds its upper edge too.
package enum HistogramBins {
    /// The edges of Sturges' rule: a width of range / (log2 n + 1).
    ///
    /// - Parameters:
    ///   - count: How many values there are, at least 1.
    ///   - minimum: The smallest value.
    ///   - maximum: The largest value.
    ///   - areIntegers: Whether the values are whole by type; no bin is then narrower than 1.
    /// - Returns: At least two edges.
    package static func sturges(count: Int, minimum: Double, maximum: Double, areIntegers: Bool) -> [Double] {
        let width = (maximum - minimum) / (log2(Double(max(count, 1))) + 1)
        return edges(minimum, maximum, width: width, areIntegers: areIntegers)
    }

    /// The edges of Doane's rule, which widens Sturges' for skewed values.
    ///
    /// - Parameters:
    ///   - values: The values, finite and at least one.
    ///   - areIntegers: Whether the values are whole by type; no bin is then narrower than 1.
    /// - Returns: At least two edges; one bin for fewer than three values or no spread.
    package static func doane(_ values: [Double], areIntegers: Bool) -> [Double] {
        guard let minimum = values.min(), let maximum = values.max() else { return [0, 1] }
        let n = Double(values.count)
        let mean = CompensatedSum.of(values) / n
        let deviation = (CompensatedSum.of(values.lazy.map { ($0 - mean) * ($0 - mean) }) / n).squareRoot()
        guard values.count > 2, deviation > 0 else {
            return edges(minimum, maximum, width: 0, areIntegers: areIntegers)
        }
        let skewDeviation = (6 * (n - 2) / ((n + 1) * (n + 3))).squareRoot()
        let skew = CompensatedSum.of(values.lazy.map { pow(($0 - mean) / deviation, 3) }) / n
        let width = (maximum - minimum) / (1 + log2(n) + log2(1 + abs(skew) / skewDeviation))
        return edges(minimum, maximum, width: width, areIntegers: areIntegers)
    }

    /// Equally spaced edges by NumPy's `linspace`; those that coincide in rounding are kept once.
    ///
    /// - Parameters:
    ///   - minimum: The first edge.
    ///   - maximum: The last edge; equal to the first, the range is widened by ½ on either side.
    ///   - bins: How many bins there are, at least 1.
    /// - Returns: At least two edges.
    package static func uniform(from minimum: Double, to maximum: Double, bins: Int) -> [Double] {
        var (first, last) = (minimum, maximum)
        if first == last {
            first = minimum - 0.5 < minimum ? minimum - 0.5 : minimum.nextDown
            last = maximum + 0.5 > maximum ? maximum + 0.5 : maximum.nextUp
        }
        let count = min(max(bins, 1), StatisticsLimits.histogramBins)
        // Halves keep the difference of the largest doubles finite.
        let step = (last / 2 - first / 2) / Double(count) * 2
        var edges = [first]
        for index in 1..<max(count, 1) {
            let edge = Double(index) * step + first
            if edge > edges[edges.count - 1], edge < last { edges.append(edge) }
        }
        edges.append(last)
        return edges
    }

    /// How many values fall into each bin; those outside all bins are left out.
    ///
    /// - Parameters:
    ///   - values: The values, ascending.
    ///   - edges: The edges, ascending, at least two.
    /// - Returns: One count for each bin.
    package static func counts(sorted values: [Double], edges: [Double]) -> [Int] {
        guard edges.count > 1 else { return [] }
        var positions = edges.map { edge in values.partitionPoint { $0 < edge } }
        let last = edges[edges.count - 1]
        positions[positions.count - 1] = values.partitionPoint { $0 <= last }
        return zip(positions.dropFirst(), positions).map { $0 - $1 }
    }

    private static func edges(_ minimum: Double, _ maximum: Double, width: Double, areIntegers: Bool) -> [Double] {
        guard width > 0, width.isFinite else { return uniform(from: minimum, to: maximum, bins: 1) }
        let width = areIntegers ? max(width, 1) : width
        let bins = ((maximum - minimum) / width).rounded(.up)
        return uniform(from: minimum, to: maximum, bins: Int(min(bins, Double(StatisticsLimits.histogramBins))))
    }
}
