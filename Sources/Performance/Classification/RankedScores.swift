/// Scores in falling order with what was true, tied ones taken together: ROC and precision-recall come from it.
package struct RankedScores: Sendable {
    /// The distinct scores, the highest first.
    package let thresholds: [Double]
    /// How many positive rows score at least as high as each threshold.
    package let truePositives: [Int]
    /// How many negative rows score at least as high as each threshold.
    package let falsePositives: [Int]

    /// How many positive rows there are.
    package var positives: Int { truePositives.last ?? 0 }
    /// How many negative rows there are.
    package var negatives: Int { falsePositives.last ?? 0 }

    /// Orders the rows; scores must not be NaN, and the shorter of the two arrays decides.
    package init(scores: [Double], isPositive: [Bool]) {
        let order = zip(scores, isPositive).sorted { $0.0 > $1.0 }
        var (thresholds, positives, negatives): ([Double], [Int], [Int]) = ([], [], [])
        var (positive, negative) = (0, 0)
        for (index, row) in order.enumerated() {
            if row.1 { positive += 1 } else { negative += 1 }
            guard index + 1 == order.count || order[index + 1].0 != row.0 else { continue }
            thresholds.append(row.0)
            positives.append(positive)
            negatives.append(negative)
        }
        self.thresholds = thresholds
        truePositives = positives
        falsePositives = negatives
    }

    /// The area under the ROC curve: the chance that a positive row scores above a negative one, ties counting half.
    ///
    /// NaN when one of the classes is missing.
    package var areaUnderCurve: Double {
        guard positives > 0, negatives > 0 else { return .nan }
        var area = 0.0
        var (before, falseBefore) = (0, 0)
        for (positive, negative) in zip(truePositives, falsePositives) {
            area += Double(negative - falseBefore) * (Double(positive) + Double(before)) / 2
            (before, falseBefore) = (positive, negative)
        }
        return area / (Double(positives) * Double(negatives))
    }

    /// The standard error of the area (DeLong, DeLong and Clarke-Pearson 1988); nil with fewer than two rows of a class.
    package var areaStandardError: Double? {
        guard positives > 1, negatives > 1 else { return nil }
        let (allPositives, allNegatives) = (Double(positives), Double(negatives))
        let area = areaUnderCurve
        var (positiveSquares, negativeSquares) = (0.0, 0.0)
        var (before, falseBefore) = (0, 0)
        for (positive, negative) in zip(truePositives, falsePositives) {
            let (hits, misses) = (Double(positive - before), Double(negative - falseBefore))
            // Of a positive row here: the share of negative rows below it; of a negative row: of positive ones above it.
            let below = (allNegatives - Double(falseBefore) - misses / 2) / allNegatives - area
            let above = (Double(before) + hits / 2) / allPositives - area
            positiveSquares += hits * below * below
            negativeSquares += misses * above * above
            (before, falseBefore) = (positive, negative)
        }
        let variance =
            positiveSquares / (allPositives - 1) / allPositives + negativeSquares / (allNegatives - 1) / allNegatives
        return variance.squareRoot()
    }

    /// The mean precision over the recall gained at each threshold; NaN without positive rows.
    package var averagePrecision: Double {
        guard positives > 0 else { return .nan }
        var sum = 0.0
        var before = 0
        for (positive, negative) in zip(truePositives, falsePositives) where positive > before {
            sum += Double(positive - before) * Double(positive) / Double(positive + negative)
            before = positive
        }
        return sum / Double(positives)
    }
}

/// Metrics of how well scores order rows.
package enum RankingMetrics {
    /// The area under the ROC curve: the chance that a positive row scores above a negative one, ties counting half.
    ///
    /// - Returns: NaN when one of the classes is missing.
    package static func areaUnderCurve(scores: [Double], isPositive: [Bool]) -> Double {
        RankedScores(scores: scores, isPositive: isPositive).areaUnderCurve
    }
}
