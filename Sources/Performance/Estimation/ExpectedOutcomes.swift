/// What calibrated probabilities let expect: the confusion matrix and the areas under the ROC curves.
struct ExpectedOutcomes {
    /// Expected counts by true and predicted class; of confidences alone there is none.
    let confusion: [[Double]]
    /// The share of rows expected to be right.
    let accuracy: Double
    private let areas: [Double]

    /// Computes expectations.
    ///
    /// - Parameters:
    ///   - rows: predictions and raw scores.
    ///   - calibrated: the probabilities by column, as many columns as `rows` has.
    ///   - classes: how many classes there are.
    init(_ rows: ScoredRows, calibrated: [[Double]], classes: Int) {
        let isBinary = classes == 2
        areas =
            isBinary || calibrated.count == classes
            ? zip(rows.columns, calibrated).map { Self.area(scores: $0, probabilities: $1) } : []
        guard isBinary || calibrated.count == classes else {
            confusion = []
            accuracy = Sums.mean(calibrated.first ?? [])
            return
        }
        var counts = Array(repeating: Array(repeating: 0.0, count: classes), count: classes)
        for (row, prediction) in rows.predictions.enumerated() {
            for truth in 0..<classes {
                let probability =
                    isBinary ? (truth == 1 ? calibrated[0][row] : 1 - calibrated[0][row]) : calibrated[truth][row]
                counts[truth][prediction] += probability
            }
        }
        confusion = counts
        accuracy = Sums.sum(counts.indices.map { counts[$0][$0] }) / Double(rows.count)
    }

    /// The expected metric; nil where it is undefined.
    func value(of metric: EstimatedMetric) -> Double? {
        if metric == .accuracy { return accuracy }
        if metric == .rocAUC { return areas.isEmpty ? nil : Sums.mean(areas) }
        guard !confusion.isEmpty else { return nil }
        let judged = confusion.count == 2 ? [1] : Array(confusion.indices)
        return Sums.mean(judged.map { value(of: metric, class: $0) })
    }

    private func value(of metric: EstimatedMetric, class index: Int) -> Double {
        let hits = confusion[index][index]
        let missed = Sums.sum(confusion[index]) - hits
        let wrong = Sums.sum(confusion.map { $0[index] }) - hits
        let others = Sums.sum(confusion.map(Sums.sum)) - hits - missed - wrong
        let ratio = { (part: Double, whole: Double) in whole != 0 ? part / whole : 0 }
        switch metric {
        case .precision: return ratio(hits, hits + wrong)
        case .recall: return ratio(hits, hits + missed)
        case .specificity: return ratio(others, others + wrong)
        case .f1: return ratio(hits, hits + (wrong + missed) / 2)
        case .accuracy, .rocAUC: return .nan
        }
    }

    /// The area under the expected ROC curve: rows in falling order of raw score, each as positive as its probability.
    private static func area(scores: [Double], probabilities: [Double]) -> Double {
        let order = zip(scores, probabilities).sorted { $0.0 > $1.0 }
        // Five digits, as NannyML rounds the counts.
        let rounded = { (value: Double) in (value * 1e5).rounded(.toNearestOrEven) / 1e5 }
        var (sum, area, hitsBefore, missesBefore) = (0.0, 0.0, 0.0, 0.0)
        for (index, row) in order.enumerated() {
            sum += row.1
            guard index + 1 == order.count || order[index + 1].0 != row.0 else { continue }
            let (hits, misses) = (rounded(sum), rounded(Double(index + 1) - sum))
            area += (misses - missesBefore) * (hits + hitsBefore) / 2
            (hitsBefore, missesBefore) = (hits, misses)
        }
        return area / (hitsBefore * missesBefore)
    }
}
