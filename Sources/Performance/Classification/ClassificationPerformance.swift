package import Core

/// How good a classifier is on rows whose truth is known.
///
/// Numbers equal those of scikit-learn 1.9. Where that gives NaN or warns and gives 0 (no row of a class, no row predicted
/// so), the metric has a reason instead of a value; in averages over classes such a class counts as 0, as there.
package struct ClassificationPerformance: Sendable, Equatable {
    /// What is known of one class against the rest.
    package struct Class: Sendable, Equatable {
        /// The class's name.
        package let name: String
        /// How many rows are of this class.
        package let support: Int
        /// `precision`, `recall`, `f1`, `specificity` and, with probabilities, `roc_auc` and `average_precision`.
        package let metrics: [MetricValue]
        /// The ROC curve of this class against the rest.
        package let roc: PerformanceCurve?
        /// The precision-recall curve of this class against the rest.
        package let precisionRecall: PerformanceCurve?
    }

    /// How many rows were judged.
    package let rows: Int
    /// How many rows were left out because label or prediction is missing.
    package let skipped: Int
    /// The classes by index of the confusion matrix.
    package let classNames: [String]
    /// Classes among labels or predictions that are not the model's own.
    package let unknownClasses: [String]
    /// The metrics over all classes.
    package let metrics: [MetricValue]
    /// Counts by true and predicted class.
    package let confusion: ConfusionMatrix
    /// Each class against the rest.
    package let classes: [Class]
    /// How well probabilities agree with what came true; nil without probabilities.
    package let calibration: CalibrationReport?

    /// Judges the rows.
    package init(_ rows: ClassificationRows) {
        self.rows = rows.count
        skipped = rows.skipped
        classNames = rows.classes
        unknownClasses = Array(rows.classes.dropFirst(rows.ownClasses))
        let confusion = ConfusionMatrix(
            labels: rows.labels,
            predictions: rows.predictions,
            classes: rows.classes.count
        )
        self.confusion = confusion
        // Of two classes the second is the positive one and says all.
        let judged = rows.ownClasses == 2 && rows.classes.count == 2 ? [1] : Array(rows.classes.indices)
        let classes = judged.map { Self.judge($0, rows, confusion) }
        self.classes = classes
        let probabilities = ProbabilityMetrics(rows)
        calibration = probabilities.calibration
        let positive = rows.ownClasses == 2 ? classes.first { $0.name == rows.classes[1] } : nil
        metrics =
            CountMetrics(confusion, of: positive).all
            + probabilities.metrics
            + Self.ranking(classes, positive: positive, rows: rows.count)
    }

    private static func judge(_ index: Int, _ rows: ClassificationRows, _ confusion: ConfusionMatrix) -> Class {
        var metrics = CountMetrics.metrics(of: index, named: rows.classes[index], in: confusion)
        var ranked: RankedScores?
        if let scores = rows.score(of: index) {
            let usable = scores.indices.filter { !scores[$0].isNaN }
            let order = RankedScores(
                scores: usable.map { scores[$0] },
                isPositive: usable.map { rows.labels[$0] == index }
            )
            metrics += ranking(order, of: rows.classes[index])
            ranked = order
        }
        return Class(
            name: rows.classes[index],
            support: confusion.counts[index].reduce(0, +),
            metrics: metrics,
            roc: ranked.flatMap { PerformanceCurve.roc($0) },
            precisionRecall: ranked.flatMap { PerformanceCurve.precisionRecall($0) }
        )
    }

    private static func ranking(_ ranked: RankedScores, of name: String) -> [MetricValue] {
        let count = ranked.positives + ranked.negatives
        let reason =
            count == 0
            ? "no row has a score"
            : "every row with a score is \(ranked.positives == 0 ? "not " : "")of class '\(name)'"
        let area =
            ranked.positives > 0 && ranked.negatives > 0
            ? MetricValue(
                "roc_auc",
                ranked.areaUnderCurve,
                standardError: ranked.areaStandardError,
                count: count
            ) : MetricValue("roc_auc", count: count, because: reason)
        let precision =
            ranked.positives > 0
            ? MetricValue("average_precision", ranked.averagePrecision, count: count)
            : MetricValue("average_precision", count: count, because: reason)
        return [area, precision]
    }

    /// Ranking metrics over all classes: of the positive one, or the mean over each against the rest.
    private static func ranking(_ classes: [Class], positive: Class?, rows: Int) -> [MetricValue] {
        if let positive {
            return positive.metrics.filter { $0.name == "roc_auc" || $0.name == "average_precision" }
        }
        let scored = classes.filter { $0.metrics["roc_auc"] != nil }
        guard !scored.isEmpty else { return [] }
        return ["roc_auc", "average_precision"].flatMap { name -> [MetricValue] in
            let known = scored.compactMap { item in item.metrics[name]?.value.map { ($0, Double(item.support)) } }
            guard !known.isEmpty else {
                return [MetricValue(name, count: rows, because: "only one class is among the labels")]
            }
            let weights = known.reduce(0) { $0 + $1.1 }
            return [
                MetricValue(name, Sums.mean(known.map(\.0)), count: rows),
                MetricValue("\(name)_weighted", Sums.sum(known.map { $0 * $1 }) / weights, count: rows),
            ]
        }
    }

    /// The metric of that name over all classes.
    package subscript(_ name: String) -> Double? { metrics[name]?.value }
}

extension ClassificationPerformance {
    /// The report with everything that was computed.
    package var json: JSONValue {
        var object: JSONObject = [
            "kind": "classification", "rows": .int(rows), "skipped": .int(skipped),
            "classes": .array(classNames.map(JSONValue.string)),
            "metrics": metrics.json, "confusion_matrix": confusion.json,
            "by_class": .array(classes.map(\.json)),
        ]
        if !unknownClasses.isEmpty { object["unknown_classes"] = .array(unknownClasses.map(JSONValue.string)) }
        if let calibration { object["calibration"] = calibration.json }
        return .object(object)
    }
}

extension ClassificationPerformance.Class {
    /// The class with its metrics and curves.
    package var json: JSONValue {
        var object: JSONObject = ["class": .string(name), "support": .int(support), "metrics": metrics.json]
        if let roc { object["roc"] = roc.json(x: "fpr", y: "tpr") }
        if let precisionRecall { object["precision_recall"] = precisionRecall.json(x: "recall", y: "precision") }
        return .object(object)
    }
}
