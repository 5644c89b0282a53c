package import Core
package import Performance

/// How good a model is, by what it was to learn.
package enum TaskMetrics: Sendable, Equatable {
    case classification(ClassificationMetrics)
    case regression(RegressionPerformance)
    case ranking(GroupRanking)

    /// Judges what a model said of rows.
    ///
    /// - Parameters:
    ///   - predictions: the model's outputs, row-major.
    ///   - truth: what is true of the rows.
    ///   - task: what was learned.
    ///   - threshold: the probability from which class 1 is predicted.
    /// - Throws: `invalidArgument` when sizes differ.
    package init(
        _ predictions: [Float],
        for truth: Truth,
        task: LearningTask,
        threshold: Double = 0.5
    ) throws(MartletError) {
        switch task {
        case .binary, .multiclass:
            self = .classification(
                try ClassificationMetrics(
                    probabilities: predictions,
                    labels: truth.labels.map { Int($0) },
                    classes: truth.classes.count,
                    threshold: threshold
                )
            )
        case .regression:
            self = .regression(
                try RegressionPerformance(
                    truths: truth.labels.map(Double.init),
                    predictions: predictions.map(Double.init)
                )
            )
        case .ranking:
            self = .ranking(try GroupRanking(scores: predictions, relevances: truth.labels, groups: truth.groups))
        }
    }

    /// How many rows were judged.
    package var rows: Int {
        switch self {
        case .classification(let metrics): metrics.rows
        case .regression(let metrics): metrics.rows
        case .ranking(let metrics): metrics.rows
        }
    }

    /// The metrics by the names under which runs log them; NaN where there is none.
    package var named: [(name: String, value: Double)] {
        switch self {
        case .classification(let metrics): metrics.named
        case .regression(let metrics): metrics.metrics.map { ($0.name, $0.value ?? .nan) }
        case .ranking(let metrics): metrics.named
        }
    }

    /// The metric of that name; nil for an unknown one.
    package subscript(_ name: String) -> Double? {
        named.first { $0.name == name }?.value
    }

    /// The metrics that are numbers, as an object.
    package var json: JSONValue {
        .object(JSONObject(named.filter { $0.value.isFinite }.map { ($0.name, .number($0.value)) }))
    }

    /// The metric that decides where none is named.
    package static func main(_ task: LearningTask) -> String {
        switch task {
        case .binary, .multiclass: "accuracy"
        case .regression: "rmse"
        case .ranking: "ndcg"
        }
    }

    /// Whether more of the metric is better.
    package static func isMaximized(_ name: String) -> Bool {
        let losses = [
            "log_loss", "brier", "ece", "mae", "mse", "rmse", "mape", "median_absolute_error", "max_error", "msle",
            "rmsle",
        ]
        return !losses.contains(name)
    }
}
