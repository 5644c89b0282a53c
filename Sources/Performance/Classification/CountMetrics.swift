/// Metrics that need only the confusion matrix.
struct CountMetrics {
    private let confusion: ConfusionMatrix
    private let positive: ClassificationPerformance.Class?

    /// Takes the counts and, of two classes, what is known of the positive one.
    init(_ confusion: ConfusionMatrix, of positive: ClassificationPerformance.Class?) {
        self.confusion = confusion
        self.positive = positive
    }

    private static let averaged = ["precision", "recall", "f1"]

    private func value(_ name: String, of index: Int) -> Double {
        switch name {
        case "precision": confusion.precision(of: index)
        case "recall": confusion.recall(of: index)
        case "f1": confusion.f1(of: index)
        default: confusion.specificity(of: index)
        }
    }

    /// All of them.
    var all: [MetricValue] {
        let count = confusion.total
        guard count > 0 else {
            return ["accuracy", "balanced_accuracy", "precision", "recall", "f1", "mcc"].map {
                MetricValue($0, count: 0, because: "no row has both a label and a prediction")
            }
        }
        let accuracy = confusion.accuracy
        var metrics = [
            MetricValue("accuracy", accuracy, standardError: Self.error(accuracy, of: count), count: count)
        ]
        let (supports, predicted) = (confusion.supports, confusion.predicted)
        let present = supports.indices.filter { supports[$0] > 0 }
        metrics.append(
            MetricValue("balanced_accuracy", Sums.mean(present.map { confusion.recall(of: $0) }), count: count)
        )
        metrics += main(count)
        let occurring = supports.indices.filter { supports[$0] + predicted[$0] > 0 }
        for name in Self.averaged {
            let weights = occurring.map { Double(supports[$0]) }
            let values = occurring.map { value(name, of: $0) }
            metrics.append(MetricValue("\(name)_micro", accuracy, count: count))
            metrics.append(MetricValue("\(name)_macro", Sums.mean(values), count: count))
            let weighted = Sums.sum(zip(values, weights).map { $0 * $1 }) / Double(count)
            metrics.append(MetricValue("\(name)_weighted", weighted, count: count))
        }
        metrics.append(correlation(present.count, count))
        return metrics
    }

    /// Precision, recall, F1 and specificity: of the positive class, or the mean over the classes that occur.
    private func main(_ count: Int) -> [MetricValue] {
        let names = ["precision", "recall", "f1", "specificity"]
        if let positive { return positive.metrics.filter { names.contains($0.name) } }
        let (supports, predicted) = (confusion.supports, confusion.predicted)
        let occurring = supports.indices.filter { supports[$0] + predicted[$0] > 0 }
        return names.map { name in
            MetricValue(name, Sums.mean(occurring.map { value(name, of: $0) }), count: count)
        }
    }

    private func correlation(_ classes: Int, _ count: Int) -> MetricValue {
        guard classes > 1 else {
            return MetricValue("mcc", count: count, because: "only one class is among the labels")
        }
        return MetricValue("mcc", confusion.matthewsCorrelation, count: count)
    }

    /// The standard error of a share.
    static func error(_ share: Double, of count: Int) -> Double? {
        count > 1 ? (share * (1 - share) / Double(count)).squareRoot() : nil
    }

    /// What the counts say of one class against the rest.
    static func metrics(of index: Int, named name: String, in confusion: ConfusionMatrix) -> [MetricValue] {
        let total = confusion.total
        let (support, predicted) = (confusion.supports[index], confusion.predicted[index])
        let share = { (metric: String, value: Double, count: Int, reason: String) in
            count > 0
                ? MetricValue(metric, value, standardError: error(value, of: count), count: count)
                : MetricValue(metric, count: 0, because: reason)
        }
        let nothing = total == 0 ? "no row has both a label and a prediction" : nil
        return [
            share(
                "precision",
                confusion.precision(of: index),
                predicted,
                nothing ?? "no row was predicted as '\(name)'"
            ),
            share("recall", confusion.recall(of: index), support, nothing ?? "no row is of class '\(name)'"),
            f1(of: index, named: name, in: confusion),
            share(
                "specificity",
                confusion.specificity(of: index),
                total - support,
                nothing ?? "every row is of class '\(name)'"
            ),
        ]
    }

    /// F1 with the standard error of a ratio of counts.
    private static func f1(of index: Int, named name: String, in confusion: ConfusionMatrix) -> MetricValue {
        let hits = Double(confusion.counts[index][index])
        let misses = Double(confusion.supports[index] + confusion.predicted[index]) - 2 * hits
        let count = Int(hits + misses)
        guard count > 0 else {
            return MetricValue("f1", count: 0, because: "no row is of class '\(name)' or was predicted so")
        }
        let (f1, denominator) = (2 * hits / (2 * hits + misses), 2 * hits + misses)
        let spread = hits * (2 - 2 * f1) * (2 - 2 * f1) + misses * f1 * f1
        return MetricValue("f1", f1, standardError: count > 1 ? spread.squareRoot() / denominator : nil, count: count)
    }
}
