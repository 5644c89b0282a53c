package import Core

/// A curve of a classifier over its thresholds, thinned to a bounded number of points.
package struct PerformanceCurve: Sendable, Equatable {
    /// One threshold.
    package struct Point: Sendable, Equatable {
        /// The false positive rate, or the recall.
        package let x: Double
        /// The true positive rate, or the precision.
        package let y: Double
        /// The score from which a row is called positive; nil at the end where none is.
        package let threshold: Double?
    }

    /// The points in the order of rising x for ROC, of falling x for precision and recall.
    package let points: [Point]

    /// The ROC curve without the points on straight lines, as scikit-learn drops them; nil without rows of both classes.
    ///
    /// - Parameters:
    ///   - ranked: the scores.
    ///   - limit: how many points are kept.
    /// - Returns: the curve from (0, 0) to (1, 1).
    package static func roc(_ ranked: RankedScores, limit: Int = PerformanceLimits.curvePoints) -> PerformanceCurve? {
        let (positives, negatives) = (Double(ranked.positives), Double(ranked.negatives))
        guard positives > 0, negatives > 0 else { return nil }
        let (hits, misses) = (ranked.truePositives, ranked.falsePositives)
        let last = hits.count - 1
        var points = [Point(x: 0, y: 0, threshold: nil)]
        for index in 0...last {
            let isInside = index > 0 && index < last
            if isInside, hits[index + 1] - hits[index] == hits[index] - hits[index - 1],
                misses[index + 1] - misses[index] == misses[index] - misses[index - 1]
            {
                continue
            }
            let (x, y) = (Double(misses[index]) / negatives, Double(hits[index]) / positives)
            points.append(Point(x: x, y: y, threshold: ranked.thresholds[index]))
        }
        return PerformanceCurve(points: thin(points, to: limit))
    }

    /// The precision-recall curve, from all rows called positive to none; nil without positive rows.
    ///
    /// - Parameters:
    ///   - ranked: the scores.
    ///   - limit: how many points are kept.
    /// - Returns: the curve, which ends at recall 0 and precision 1.
    package static func precisionRecall(
        _ ranked: RankedScores,
        limit: Int = PerformanceLimits.curvePoints
    ) -> PerformanceCurve? {
        guard ranked.positives > 0 else { return nil }
        let positives = Double(ranked.positives)
        var points = ranked.thresholds.indices.reversed().map { index in
            let (hits, misses) = (Double(ranked.truePositives[index]), Double(ranked.falsePositives[index]))
            return Point(x: hits / positives, y: hits / (hits + misses), threshold: ranked.thresholds[index])
        }
        points.append(Point(x: 0, y: 1, threshold: nil))
        return PerformanceCurve(points: thin(points, to: limit))
    }

    /// Keeps the ends and, between them, points at even distances along the curve.
    private static func thin(_ points: [Point], to limit: Int) -> [Point] {
        guard points.count > limit, limit > 1 else { return points }
        var lengths = [0.0]
        for (from, to) in zip(points, points.dropFirst()) {
            lengths.append(lengths[lengths.count - 1] + abs(to.x - from.x) + abs(to.y - from.y))
        }
        let step = lengths[lengths.count - 1] / Double(limit - 1)
        var kept = [points[0]]
        var next = step
        for index in 1..<(points.count - 1) where lengths[index] >= next && kept.count < limit - 1 {
            kept.append(points[index])
            while next <= lengths[index], step > 0 { next += step }
        }
        kept.append(points[points.count - 1])
        return kept
    }

    /// The curve as arrays `x`, `y` and `threshold`, by the names given for the axes.
    package func json(x: String, y: String) -> JSONValue {
        [
            x: .array(points.map { .number($0.x) }), y: .array(points.map { .number($0.y) }),
            "threshold": .array(points.map { .optional($0.threshold) }),
        ]
    }
}
