package import Core

/// How good a regression is on rows whose truth is known; numbers equal those of scikit-learn 1.9.
package struct RegressionPerformance: Sendable, Equatable {
    /// How many rows were judged.
    package let rows: Int
    /// How many rows were left out because truth or prediction is missing or infinite.
    package let skipped: Int
    /// `mae`, `mse`, `rmse`, `mape`, `r2`, `median_absolute_error`, `max_error`, `mean_error` (prediction minus truth),
    /// `explained_variance`, and `msle` and `rmsle` where no value is negative.
    package let metrics: [MetricValue]

    private static let names = [
        "mae", "mse", "rmse", "mape", "r2", "median_absolute_error", "max_error", "mean_error", "explained_variance",
    ]

    /// Judges predictions.
    ///
    /// - Parameters:
    ///   - truths: the true values; a missing one is NaN.
    ///   - predictions: the predicted values, as many.
    /// - Throws: `invalidArgument` when sizes differ, `payloadTooLarge` past `PerformanceLimits.rows`.
    package init(truths: [Double], predictions: [Double]) throws(MartletError) {
        guard truths.count == predictions.count else {
            throw MartletError(
                .invalidArgument,
                "There are \(truths.count) true values for \(predictions.count) predictions."
            )
        }
        guard truths.count <= PerformanceLimits.rows else {
            throw MartletError(
                .payloadTooLarge,
                "There are \(truths.count) rows; at most \(PerformanceLimits.rows) are judged at once."
            )
        }
        let kept = truths.indices.filter { truths[$0].isFinite && predictions[$0].isFinite }
        rows = kept.count
        skipped = truths.count - kept.count
        guard !kept.isEmpty else {
            metrics = Self.names.map {
                MetricValue($0, count: 0, because: "no row has both a true value and a prediction")
            }
            return
        }
        let (known, guessed) = (kept.map { truths[$0] }, kept.map { predictions[$0] })
        metrics = Self.errors(known, guessed) + Self.shares(known, guessed) + Self.logarithmic(known, guessed)
    }

    private static func errors(_ truths: [Double], _ predictions: [Double]) -> [MetricValue] {
        let count = truths.count
        let differences = zip(truths, predictions).map { $1 - $0 }
        let absolute = differences.map(abs)
        let squared = differences.map { $0 * $0 }
        let relative = zip(absolute, truths).map { $0 / max(.ulpOfOne, abs($1)) }
        let meanSquare = Sums.mean(squared)
        let root = meanSquare.squareRoot()
        let squareError = Sums.standardError(squared)
        let mean = { (name: String, values: [Double]) in
            MetricValue(name, Sums.mean(values), standardError: Sums.standardError(values), count: count)
        }
        return [
            mean("mae", absolute), mean("mse", squared),
            MetricValue(
                "rmse",
                root,
                standardError: root > 0 ? squareError.map { $0 / (2 * root) } : nil,
                count: count
            ),
            mean("mape", relative),
            MetricValue("median_absolute_error", Sums.median(absolute), count: count),
            MetricValue("max_error", absolute.max() ?? .nan, count: count),
            mean("mean_error", differences),
        ]
    }

    /// What share of the truth's variance is explained; of a constant truth all or nothing, as in scikit-learn.
    private static func shares(_ truths: [Double], _ predictions: [Double]) -> [MetricValue] {
        let count = truths.count
        guard count > 1 else {
            return ["r2", "explained_variance"].map {
                MetricValue($0, count: count, because: "one row has no variance to explain")
            }
        }
        let mean = Sums.mean(truths)
        let total = Sums.sum(truths.map { ($0 - mean) * ($0 - mean) })
        let residuals = zip(truths, predictions).map { $0 - $1 }
        let rest = Sums.sum(residuals.map { $0 * $0 })
        let shift = Sums.mean(residuals)
        let spread = Sums.sum(residuals.map { ($0 - shift) * ($0 - shift) })
        let share = { (rest: Double) in total > 0 ? 1 - rest / total : (rest == 0 ? 1 : 0) }
        return [
            MetricValue("r2", share(rest), count: count),
            MetricValue("explained_variance", share(spread), count: count),
        ]
    }

    private static func logarithmic(_ truths: [Double], _ predictions: [Double]) -> [MetricValue] {
        guard let squares = LossKind.squaredLogarithmic.losses(truths: truths, predictions: predictions) else {
            return []
        }
        let mean = Sums.mean(squares)
        let error = Sums.standardError(squares)
        let root = mean.squareRoot()
        return [
            MetricValue("msle", mean, standardError: error, count: truths.count),
            MetricValue(
                "rmsle",
                root,
                standardError: root > 0 ? error.map { $0 / (2 * root) } : nil,
                count: truths.count
            ),
        ]
    }

    /// The metric of that name.
    package subscript(_ name: String) -> Double? { metrics[name]?.value }

    /// The report with everything that was computed.
    package var json: JSONValue {
        ["kind": "regression", "rows": .int(rows), "skipped": .int(skipped), "metrics": metrics.json]
    }
}
