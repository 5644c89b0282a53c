package import Core

/// Predictions of a classifier with their scores, whose truth need not be known.
package struct ScoredRows: Sendable, Equatable {
    /// The predicted class of each row, by index.
    package let predictions: [Int]
    /// One column of scores for two classes (of the second one), one for each of several classes, or one with the
    /// probability of the predicted class.
    package let columns: [[Double]]
    /// Rows that were left out because prediction or score is missing.
    package let skipped: Int

    /// How many rows there are.
    package var count: Int { predictions.count }

    init(predictions: [Int], columns: [[Double]], skipped: Int = 0) {
        self.predictions = predictions
        self.columns = columns
        self.skipped = skipped
    }

    /// Takes rows; those without a prediction among the classes or with a missing score are left out.
    ///
    /// - Parameters:
    ///   - predictions: the predicted class of each row.
    ///   - scores: the scores of all rows; a missing one is NaN.
    ///   - classes: the model's classes in its order.
    /// - Throws: `invalidArgument` when sizes do not fit, `payloadTooLarge` past `PerformanceLimits`.
    package init(
        predictions: [String?],
        scores: ClassificationRows.Scores,
        classes: [String]
    ) throws(MartletError) {
        // Unknown predictions must not become classes of their own here.
        let known = Set(classes)
        let own = predictions.map { name in name.flatMap { known.contains($0) ? $0 : nil } }
        let rows = try ClassificationRows(labels: own, predictions: own, scores: scores, classes: classes)
        let kept = ScoredRows(rows)
        self.init(predictions: kept.predictions, columns: kept.columns, skipped: predictions.count - kept.count)
    }

    /// The predictions and scores of labelled rows, without those that lack a score.
    package init(_ rows: ClassificationRows) {
        let kept = Self.usable(rows)
        self.init(
            predictions: kept.map { rows.predictions[$0] },
            columns: Self.columns(rows).map { column in kept.map { column[$0] } },
            skipped: rows.skipped + rows.count - kept.count
        )
    }

    /// The rows whose prediction the model knows and whose scores are all there.
    static func usable(_ rows: ClassificationRows) -> [Int] {
        let columns = columns(rows)
        guard !columns.isEmpty else { return [] }
        return rows.predictions.indices.filter { row in
            rows.predictions[row] < rows.ownClasses && columns.allSatisfy { $0[row].isFinite }
        }
    }

    private static func columns(_ rows: ClassificationRows) -> [[Double]] {
        if rows.ownClasses == 2, let positive = rows.score(of: 1) { return [positive] }
        if case .all = rows.scores { return (0..<rows.ownClasses).compactMap { rows.score(of: $0) } }
        return rows.confidences.map { [$0] } ?? []
    }

    /// The rows of a range.
    package func slice(_ range: Range<Int>) -> ScoredRows {
        let inside = range.clamped(to: 0..<count)
        return ScoredRows(predictions: Array(predictions[inside]), columns: columns.map { Array($0[inside]) })
    }
}
