/// The metrics of a classifier that can be estimated from its scores.
package enum EstimatedMetric: String, Sendable, CaseIterable {
    /// The area under the ROC curve, the mean of each class against the rest.
    case rocAUC = "roc_auc"
    /// F1 of the second of two classes, or the mean over all.
    case f1
    /// Precision of the second of two classes, or the mean over all.
    case precision
    /// Recall of the second of two classes, or the mean over all.
    case recall
    /// Specificity of the second of two classes, or the mean over all.
    case specificity
    /// The share of rows predicted right.
    case accuracy

    /// The metric as it came out on labelled rows; nil where it is undefined, as in NannyML: for rows of one class or with
    /// one prediction (accuracy of two classes excepted), and for the area when a class is missing.
    func realised(_ rows: ClassificationRows) -> Double? {
        guard rows.count > 0 else { return nil }
        let isBinary = rows.ownClasses == 2
        let confusion = ConfusionMatrix(
            labels: rows.labels,
            predictions: rows.predictions,
            classes: rows.classes.count
        )
        if self == .rocAUC { return area(rows, confusion, isBinary) }
        if self == .accuracy, isBinary { return confusion.accuracy }
        let judged = isBinary ? [1] : Array(0..<rows.ownClasses)
        if self == .specificity, isBinary {
            return confusion.supports[1] < confusion.total ? confusion.specificity(of: 1) : nil
        }
        guard confusion.supports.count(where: { $0 > 0 }) > 1, confusion.predicted.count(where: { $0 > 0 }) > 1
        else { return nil }
        switch self {
        case .f1: return Sums.mean(judged.map { confusion.f1(of: $0) })
        case .precision: return Sums.mean(judged.map { confusion.precision(of: $0) })
        case .recall: return Sums.mean(judged.map { confusion.recall(of: $0) })
        case .specificity: return Sums.mean(judged.map { confusion.specificity(of: $0) })
        case .accuracy: return confusion.accuracy
        case .rocAUC: return nil
        }
    }

    private func area(_ rows: ClassificationRows, _ confusion: ConfusionMatrix, _ isBinary: Bool) -> Double? {
        guard confusion.supports.prefix(rows.ownClasses).allSatisfy({ $0 > 0 }) else { return nil }
        let areas = (isBinary ? [1] : Array(0..<rows.ownClasses)).compactMap { index -> Double? in
            guard let scores = rows.score(of: index) else { return nil }
            let usable = scores.indices.filter { !scores[$0].isNaN }
            let area = RankingMetrics.areaUnderCurve(
                scores: usable.map { scores[$0] },
                isPositive: usable.map { rows.labels[$0] == index }
            )
            return area.isNaN ? nil : area
        }
        return areas.count == (isBinary ? 1 : rows.ownClasses) ? Sums.mean(areas) : nil
    }
}
