package import Core

/// The area under the ROC curve and how sure it is.
package struct RankingQuality: Sendable, Equatable {
    /// The chance that a positive scores higher than a negative, ties counting half: 0 to 1.
    package let area: Double
    /// The standard error of the area (DeLong, DeLong and Clarke-Pearson 1988).
    package let standardError: Double

    /// Compares the scores of negatives and positives.
    ///
    /// - Parameters:
    ///   - negatives: The scores of the rows of class 0.
    ///   - positives: The scores of the rows of class 1.
    /// - Throws: `failedPrecondition` when a class has no row, `invalidArgument` for a score that is NaN.
    package init(negatives: [Double], positives: [Double]) throws(MartletError) {
        guard !negatives.isEmpty, !positives.isEmpty else {
            throw MartletError(
                .failedPrecondition,
                "An area under the ROC curve needs both classes; there are \(negatives.count) rows of class 0 and "
                    + "\(positives.count) of class 1."
            )
        }
        guard !negatives.contains(where: \.isNaN), !positives.contains(where: \.isNaN) else {
            throw MartletError(.invalidArgument, "A score is NaN; remove such rows first.")
        }
        let below = Self.placements(of: positives, among: negatives.sorted())
        let above = Self.placements(of: negatives, among: positives.sorted()).map { 1 - $0 }
        let (m, n) = (Double(positives.count), Double(negatives.count))
        area = below.reduce(0, +) / m
        standardError = (Self.variance(below) / m + Self.variance(above) / n).squareRoot()
    }

    /// For each value the share of the sorted others below it, ties counting half.
    private static func placements(of values: [Double], among sorted: [Double]) -> [Double] {
        values.map { value in
            let below = position(in: sorted) { $0 < value }
            let upTo = position(in: sorted) { $0 <= value }
            return (Double(below) + Double(upTo)) / 2 / Double(sorted.count)
        }
    }

    /// How many values of a sorted array satisfy a condition that only a prefix satisfies.
    private static func position(in sorted: [Double], while condition: (Double) -> Bool) -> Int {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if condition(sorted[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func variance(_ values: [Double]) -> Double {
        guard values.count > 1 else { return 0 }
        let mean = values.reduce(0, +) / Double(values.count)
        return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
    }
}
