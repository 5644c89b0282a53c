import Foundation

/// Distances between two lists of shares over the same bins or categories.
package enum ShareDistance {
    /// The shares of counts.
    ///
    /// - Parameters:
    ///   - counts: The counts.
    ///   - total: What they are shares of, above 0.
    /// - Returns: One share for each count.
    package static func shares(_ counts: [Int], of total: Int) -> [Double] {
        counts.map { Double($0) / Double(total) }
    }

    /// Replaces shares of 0 as Evidently does, without renormalising.
    ///
    /// - Parameter shares: The shares, at least one above 0.
    /// - Returns: 0.0001 in place of 0, or a millionth of the smallest share when that is no larger than 0.0001.
    package static func filled(_ shares: [Double]) -> [Double] {
        let smallest = shares.filter { $0 > 0 }.min() ?? 1
        let fill = smallest <= 0.0001 ? smallest / 1e6 : 0.0001
        return shares.map { $0 == 0 ? fill : $0 }
    }

    /// The population stability index, the sum of (p - q) ln(p / q); all shares must be above 0.
    package static func populationStability(_ p: [Double], _ q: [Double]) -> Double {
        zip(p, q).map { ($0 - $1) * log($0 / $1) }.reduce(0, +)
    }

    /// The Kullback–Leibler divergence of q from p, the sum of p ln(p / q), after both are normalised; all q above 0.
    package static func kullbackLeibler(_ p: [Double], _ q: [Double]) -> Double {
        relativeEntropy(normalised(p), normalised(q))
    }

    /// The Jensen–Shannon distance: the root of the mean divergence from the middle of the two.
    ///
    /// - Parameters:
    ///   - p: The first shares.
    ///   - q: The second shares.
    ///   - base: The base of the logarithm; nil takes e, with which the distance is at most 0.833.
    /// - Returns: The distance, 0 for equal shares.
    package static func jensenShannon(_ p: [Double], _ q: [Double], base: Double? = nil) -> Double {
        let (left, right) = (normalised(p), normalised(q))
        let middle = zip(left, right).map { ($0 + $1) / 2 }
        let sum = relativeEntropy(left, middle) + relativeEntropy(right, middle)
        return (max(sum, 0) / (base.map { log($0) } ?? 1) / 2).squareRoot()
    }

    /// The Hellinger distance √(1 - Σ √(p·q)), 0 to 1.
    package static func hellinger(_ p: [Double], _ q: [Double]) -> Double {
        let overlap = zip(p, q).map { ($0 * $1).squareRoot() }.reduce(0, +)
        return (1 - min(max(overlap, 0), 1)).squareRoot()
    }

    /// The total variation distance ½ Σ |p - q|, 0 to 1.
    package static func totalVariation(_ p: [Double], _ q: [Double]) -> Double {
        0.5 * zip(p, q).map { abs($0 - $1) }.reduce(0, +)
    }

    /// The largest difference of any share (L-infinity), 0 to 1.
    package static func largestDifference(_ p: [Double], _ q: [Double]) -> Double {
        zip(p, q).map { abs($0 - $1) }.max() ?? 0
    }

    private static func normalised(_ shares: [Double]) -> [Double] {
        let sum = shares.reduce(0, +)
        return shares.map { $0 / sum }
    }

    private static func relativeEntropy(_ p: [Double], _ q: [Double]) -> Double {
        zip(p, q).map { $0 > 0 ? $0 * log($0 / $1) : 0 }.reduce(0, +)
    }
}
