/// A rising step-and-ramp function from scores to probabilities, fitted by pooling adjacent violators.
///
/// The same function as scikit-learn's `IsotonicRegression(out_of_bounds="clip")`: equal scores are averaged, values
/// between two knots are interpolated, scores outside the reference take the nearest end.
package struct IsotonicCalibration: Sendable, Equatable {
    /// The scores of the knots, rising.
    package let scores: [Double]
    /// The probabilities at the knots, never falling.
    package let probabilities: [Double]

    /// Scores nearer than this are one score, as in scikit-learn.
    private static let resolution = 1e-15

    /// Fits the function; nil without rows.
    ///
    /// - Parameters:
    ///   - scores: finite numbers.
    ///   - isPositive: whether each came true; as many.
    package init?(scores: [Double], isPositive: [Bool]) {
        let order = zip(scores, isPositive).sorted { $0.0 < $1.0 }
        guard let first = order.first else { return nil }
        var (knots, means, weights) = ([first.0], [Double](), [Double]())
        var (positives, count) = (0.0, 0.0)
        for (score, positive) in order {
            if score - knots[knots.count - 1] >= Self.resolution {
                means.append(positives / count)
                weights.append(count)
                knots.append(score)
                (positives, count) = (0, 0)
            }
            positives += positive ? 1 : 0
            count += 1
        }
        means.append(positives / count)
        weights.append(count)
        let values = Self.pooled(means, weights)
        // Between two equal neighbours a knot says nothing.
        let kept = values.indices.filter { index in
            index == 0 || index == values.count - 1 || values[index] != values[index - 1]
                || values[index] != values[index + 1]
        }
        self.scores = kept.map { knots[$0] }
        probabilities = kept.map { values[$0] }
    }

    /// The nearest never falling sequence, by weighted squares.
    private static func pooled(_ means: [Double], _ weights: [Double]) -> [Double] {
        var blocks: [(sum: Double, weight: Double, count: Int)] = []
        for (mean, weight) in zip(means, weights) {
            var block = (sum: mean * weight, weight: weight, count: 1)
            while let last = blocks.last, last.sum / last.weight >= block.sum / block.weight {
                block = (last.sum + block.sum, last.weight + block.weight, last.count + block.count)
                blocks.removeLast()
            }
            blocks.append(block)
        }
        return blocks.flatMap { Array(repeating: $0.sum / $0.weight, count: $0.count) }
    }

    /// The calibrated probability of a score; NaN stays NaN.
    package func callAsFunction(_ score: Double) -> Double {
        guard !score.isNaN else { return .nan }
        let last = scores.count - 1
        guard score > scores[0] else { return probabilities[0] }
        guard score < scores[last] else { return probabilities[last] }
        var (low, high) = (0, last)
        while high - low > 1 {
            let middle = (low + high) / 2
            if scores[middle] < score { low = middle } else { high = middle }
        }
        let slope = (probabilities[high] - probabilities[low]) / (scores[high] - scores[low])
        return probabilities[low] + slope * (score - scores[low])
    }
}
