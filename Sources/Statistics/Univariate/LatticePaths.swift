import Foundation

/// The exact distribution of the two-sample Kolmogorov–Smirnov statistic.
///
/// Under the null hypothesis every interleaving of the samples is equally likely: a monotone lattice path from the origin
/// to (first, second). The p-value is the share of the paths that touch the boundary (Hodges 1958).
enum LatticePaths {
    /// The share of paths that reach a gap; nil where SciPy's one-sided count exceeds a double and it turns asymptotic.
    static func probability(ofReaching gap: Int, sizes: SampleSizes, twoSided: Bool) -> Double? {
        guard gap > 0 else { return 1 }
        if sizes.first == sizes.second {
            return twoSided
                ? reachingEither(gap: gap, count: sizes.first) : reachingOne(gap: gap, count: sizes.first)
        }
        if !twoSided, logBinomial(sizes.first + sizes.second, sizes.first) > log(Double.greatestFiniteMagnitude) {
            return nil
        }
        return walk(gap: gap, sizes: sizes, twoSided: twoSided)
    }

    /// Equal sizes, one boundary: the reflection principle, binomial(2n, n-h) / binomial(2n, n).
    private static func reachingOne(gap: Int, count: Int) -> Double {
        var product = 1.0
        for step in 0..<gap {
            product *= Double(count - step) / Double(count + step + 1)
        }
        return product
    }

    /// Equal sizes, two boundaries: repeated reflection, summed from the smallest term outwards.
    private static func reachingEither(gap: Int, count: Int) -> Double {
        var sum = 0.0
        for reflection in stride(from: count / gap, through: 0, by: -1) {
            var factor = 1.0
            let offset = reflection * gap
            for step in 0..<gap {
                factor *= Double(count - offset - step) / Double(count + offset + step + 1)
            }
            sum = factor * (1 - sum)
        }
        return min(max(2 * sum, 0), 1)
    }

    /// Unequal sizes: the probability that a random path to (i, j) has touched the boundary, column by column.
    ///
    /// A path arrives at (i, j) from the left with probability i/(i+j), from below with j/(i+j). Only one column is kept;
    /// entries above the band still hold the 1 of the outside. Takes larger × band steps.
    private static func walk(gap: Int, sizes: SampleSizes, twoSided: Bool) -> Double {
        let swapped = sizes.first < sizes.second
        let (larger, smaller) = swapped ? (sizes.second, sizes.first) : (sizes.first, sizes.second)
        let (largerReduced, smallerReduced) =
            swapped ? (sizes.secondReduced, sizes.firstReduced) : (sizes.firstReduced, sizes.secondReduced)
        var column = [Double](repeating: 1, count: smaller + 1)
        for j in 0..<min(ceilDivision(gap, largerReduced), smaller + 1) { column[j] = 0 }
        let inverses = (0...(larger + smaller)).map { 1 / Double(max($0, 1)) }
        for i in 1...larger {
            let centre = smallerReduced * i
            let low = twoSided && centre >= gap ? min((centre - gap) / largerReduced + 1, smaller) : 0
            let high = min(ceilDivision(centre + gap, largerReduced), smaller + 1)
            guard low < high else { return 1 }
            column.withUnsafeMutableBufferPointer { column in
                inverses.withUnsafeBufferPointer { inverses in
                    var below = 1.0
                    for j in low..<high {
                        // Only one product and one sum wait for the entry below.
                        let inverse = inverses[i &+ j]
                        below = column[j] * (Double(i) * inverse) + below * (Double(j) * inverse)
                        column[j] = below
                    }
                }
            }
        }
        return min(max(column[smaller], 0), 1)
    }

    private static func ceilDivision(_ value: Int, _ divisor: Int) -> Int { (value + divisor - 1) / divisor }

    private static func logBinomial(_ n: Int, _ k: Int) -> Double {
        logFactorial(Double(n)) - logFactorial(Double(k)) - logFactorial(Double(n - k))
    }
}
