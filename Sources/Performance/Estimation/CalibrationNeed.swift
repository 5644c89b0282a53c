import Core

/// Whether scores gain from calibration: NannyML's rule with an own, fixed sequence of random splits.
///
/// Ten stratified splits hold out a tenth each; when the held-out scores, taken together, have a smaller expected
/// calibration error after calibration than before, calibration is needed. It is not when the outcomes have one class only
/// or the scores separate them (an area under the ROC curve above 0.999).
enum CalibrationNeed {
    private static let splits = 10
    private static let bins = 10

    /// Decides for scores and outcomes of the reference.
    static func isNeeded(scores: [Double], isPositive: [Bool]) -> Bool {
        let positives = isPositive.indices.filter { isPositive[$0] }
        let negatives = isPositive.indices.filter { !isPositive[$0] }
        // Every split needs a row of each class on both sides.
        guard positives.count > 1, negatives.count > 1 else { return false }
        guard RankedScores(scores: scores, isPositive: isPositive).areaUnderCurve <= 0.999 else { return false }
        var random = SeededGenerator(seed: 42)
        var (outcomes, before, after): ([Bool], [Double], [Double]) = ([], [], [])
        for _ in 0..<splits {
            var (train, test): ([Int], [Int]) = ([], [])
            for members in [positives, negatives] {
                var shuffled = members
                shuffled.shuffle(using: &random)
                let held = max(1, Int((Double(members.count) / 10).rounded()))
                test += shuffled.prefix(held)
                train += shuffled.dropFirst(held)
            }
            let fitted = IsotonicCalibration(scores: train.map { scores[$0] }, isPositive: train.map { isPositive[$0] })
            guard let fitted else { return false }
            outcomes += test.map { isPositive[$0] }
            before += test.map { scores[$0] }
            after += test.map { fitted(scores[$0]) }
        }
        return error(before, outcomes) > error(after, outcomes)
    }

    /// The calibration error over bins of equal size.
    private static func error(_ scores: [Double], _ outcomes: [Bool]) -> Double {
        let order = zip(scores, outcomes).sorted { $0.0 < $1.0 }
        let count = order.count <= 2 * bins ? max(2, order.count / 2) : bins
        let width = max(1, order.count / count)
        var sum = 0.0
        var start = 0
        while start < order.count {
            // The last bin takes what does not divide.
            let end = order.count - start < 2 * width ? order.count : start + width
            let rows = order[start..<end]
            sum += abs(Sums.sum(rows.map(\.0)) - Double(rows.count { $0.1 }))
            start = end
        }
        return sum / Double(order.count)
    }
}
