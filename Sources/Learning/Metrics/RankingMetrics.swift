/// Metrics of how well scores order rows.
package enum RankingMetrics {
    /// The area under the ROC curve: the chance that a positive row scores above a negative one, ties counting half.
    ///
    /// - Returns: NaN when one of the classes is missing.
    package static func areaUnderCurve(scores: [Double], isPositive: [Bool]) -> Double {
        let order = zip(scores, isPositive).sorted { $0.0 < $1.0 }
        let positives = isPositive.count { $0 }
        let negatives = isPositive.count - positives
        guard positives > 0, negatives > 0 else { return .nan }
        var rankSum = 0.0
        var start = 0
        while start < order.count {
            var end = start
            while end < order.count, order[end].0 == order[start].0 { end += 1 }
            // Tied rows share the mean of their ranks, which count from 1.
            let rank = Double(start + end + 1) / 2
            rankSum += rank * Double(order[start..<end].count { $0.1 })
            start = max(end, start + 1)
        }
        let smallest = Double(positives) * Double(positives + 1) / 2
        return (rankSum - smallest) / (Double(positives) * Double(negatives))
    }
}
