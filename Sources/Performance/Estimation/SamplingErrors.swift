/// What the reference says of the error that a metric has because a chunk is a sample: NannyML's formulas.
///
/// For each class a variance per row and the share of the rows that count for the metric; a chunk of n rows has the
/// variance divided by n times that share.
struct SamplingErrors: Sendable, Equatable {
    /// The part of one class.
    private struct Component: Sendable, Equatable {
        let variance: Double
        let share: Double
    }

    private let components: [EstimatedMetric: [Component]]
    private let isBinary: Bool

    /// Takes the labelled rows of the reference.
    init(_ rows: ClassificationRows) {
        let isBinary = rows.ownClasses == 2
        let confusion = ConfusionMatrix(
            labels: rows.labels,
            predictions: rows.predictions,
            classes: rows.classes.count
        )
        let judged = isBinary ? [1] : Array(0..<rows.ownClasses)
        var found: [EstimatedMetric: [Component]] = [:]
        for metric in EstimatedMetric.allCases where metric != .accuracy && metric != .rocAUC {
            found[metric] = judged.compactMap { Self.component(metric, $0, confusion, isBinary: isBinary) }
        }
        let accuracy = confusion.accuracy
        found[.accuracy] = [Component(variance: accuracy * (1 - accuracy), share: 1)]
        found[.rocAUC] = judged.compactMap { index in
            rows.score(of: index).flatMap { Self.area($0, rows.labels.map { $0 == index }) }
        }
        // An average over classes has no error when one of the classes has none.
        components = found.filter { $0.key == .accuracy || $0.value.count == judged.count }
        self.isBinary = isBinary
    }

    /// The error of a metric on so many rows; nil when the reference does not determine it.
    func error(of metric: EstimatedMetric, rows: Int) -> Double? {
        guard rows > 0, let parts = components[metric], !parts.isEmpty else { return nil }
        let variances = parts.map { $0.variance / (Double(rows) * $0.share) }
        let error = Sums.sum(variances).squareRoot() / Double(parts.count)
        // Of several classes NannyML widens the area's error by a fifth.
        return metric == .rocAUC && !isBinary ? error * 1.2 : error
    }

    private static func component(
        _ metric: EstimatedMetric,
        _ index: Int,
        _ confusion: ConfusionMatrix,
        isBinary: Bool
    ) -> Component? {
        let total = confusion.total
        let hits = confusion.counts[index][index]
        let missed = confusion.supports[index] - hits
        let wrong = confusion.predicted[index] - hits
        let others = total - hits - missed - wrong
        let (right, relevant): (Int, Int) =
            switch metric {
            case .precision: (hits, hits + wrong)
            case .recall: (hits, hits + missed)
            case .specificity: (others, others + wrong)
            default: (hits, hits + missed + wrong)
            }
        guard relevant > 0 else { return nil }
        let share = Double(right) / Double(relevant)
        var variance = share * (1 - share)
        if metric == .f1, isBinary {
            let correction = Double(relevant) / (Double(missed + wrong) / 2 + Double(hits))
            variance *= correction * correction
        }
        return Component(variance: variance, share: Double(relevant) / Double(total))
    }

    /// The variance, over the positive rows, of the share of negative rows that score lower; the rarer class is positive.
    private static func area(_ allScores: [Double], _ allPositive: [Bool]) -> Component? {
        let usable = allScores.indices.filter { !allScores[$0].isNaN }
        var scores = usable.map { allScores[$0] }
        var isPositive = usable.map { allPositive[$0] }
        let positives = isPositive.count { $0 }
        if Double(positives) / Double(max(1, scores.count)) > 0.5 {
            isPositive = isPositive.map { !$0 }
            scores = scores.map { 1 - $0 }
        }
        let ranked = RankedScores(scores: scores, isPositive: isPositive)
        guard ranked.positives > 0, ranked.negatives > 0 else { return nil }
        var below: [Double] = []
        var (hitsBefore, missesBefore) = (0, 0)
        for (hits, misses) in zip(ranked.truePositives, ranked.falsePositives) {
            let lower = Double(ranked.negatives - missesBefore) - Double(misses - missesBefore) / 2
            below += Array(repeating: lower / Double(ranked.negatives), count: hits - hitsBefore)
            (hitsBefore, missesBefore) = (hits, misses)
        }
        // NannyML leaves out a positive row of the very lowest score.
        if ranked.truePositives.count > 1 {
            let last = ranked.truePositives.count - 1
            if ranked.falsePositives[last] == ranked.falsePositives[last - 1] { below.removeLast() }
        }
        guard !below.isEmpty else { return nil }
        return Component(
            variance: Sums.variance(below),
            share: Double(ranked.positives) / Double(ranked.positives + ranked.negatives)
        )
    }
}
