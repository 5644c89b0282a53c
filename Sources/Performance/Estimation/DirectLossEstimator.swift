package import Core
package import Statistics

/// Estimates the error of a regression without labels: a second model learns, on a labelled reference, how wrong the first
/// one is where (direct loss estimation).
///
/// Gradient-boosted trees learn the loss of each row from its features and its prediction. Sampling errors and bounds are
/// those of NannyML 0.13.1; the estimates are of the same kind but not the same numbers, since the trees are another
/// implementation's. It holds as long as errors depend on the inputs as they did.
package struct DirectLossEstimator: Sendable {
    /// What is estimated of one chunk.
    package struct Chunk: Sendable, Equatable {
        /// The rows of the chunk.
        package let range: Range<Int>
        /// The metrics.
        package let estimates: [Estimate]

        /// The chunk with its metrics.
        package var json: JSONValue {
            [
                "start_index": .int(range.lowerBound), "end_index": .int(range.upperBound - 1),
                "rows": .int(range.count), "metrics": estimates.json,
            ]
        }
    }

    /// The metrics of a regression that can be estimated, by the loss that they average.
    package enum Metric: String, Sendable, CaseIterable {
        case mae, mape, mse, rmse, msle, rmsle

        /// The loss of a row.
        package var loss: LossKind {
            switch self {
            case .mae: .absolute
            case .mape: .relative
            case .mse, .rmse: .squared
            case .msle, .rmsle: .squaredLogarithmic
            }
        }

        /// Whether the metric is the square root of the mean loss.
        package var isRoot: Bool { self == .rmse || self == .rmsle }

        /// The metric of rows with these losses; nil without rows.
        package func value(of losses: [Double]) -> Double? {
            guard !losses.isEmpty else { return nil }
            let mean = Sums.mean(losses)
            return isRoot ? mean.squareRoot() : mean
        }
    }

    /// What is known of one kind of loss.
    private struct Loss: Sendable {
        let model: GradientBoostedTrees
        let mean: Double
        let deviation: Double
    }

    /// The bounds by metric, from the chunks of the reference.
    package let thresholds: [Metric: MetricThreshold]
    /// How many labelled rows of the reference were used.
    package let referenceRows: Int

    private let losses: [LossKind: Loss]
    private let features: [String]

    /// Learns from labelled rows.
    ///
    /// - Parameters:
    ///   - features: the features of each row; NaN is a missing value.
    ///   - predictions: the predicted value of each row.
    ///   - truths: the true value of each row; rows without one, or without a prediction, are left out.
    ///   - chunks: how the reference is cut to find the bounds of each metric.
    ///   - metrics: what is estimated; those that need logarithms are left out when a value is negative.
    ///   - options: how the trees grow.
    /// - Throws: `failedPrecondition` when rows do not suffice, `invalidArgument` when sizes differ, and what training throws.
    package init(
        features: SampleMatrix,
        predictions: [Double],
        truths: [Double],
        chunks: Chunking = .count(10),
        metrics: [Metric] = Metric.allCases,
        options: GradientBoostedTrees.Options = .init()
    ) throws(MartletError) {
        guard features.rows == predictions.count, features.rows == truths.count else {
            throw MartletError(
                .invalidArgument,
                "\(features.rows) rows do not fit \(predictions.count) predictions and \(truths.count) true values."
            )
        }
        guard features.columns <= PerformanceLimits.features else {
            throw MartletError(
                .payloadTooLarge,
                "Direct loss estimation takes at most \(PerformanceLimits.features) features, not \(features.columns)."
            )
        }
        let kept = truths.indices.filter { truths[$0].isFinite && predictions[$0].isFinite }
        guard kept.count > 1 else {
            throw MartletError(
                .failedPrecondition,
                "insufficient data: the reference has \(kept.count) rows with a true value and a prediction."
            )
        }
        let (known, guessed) = (kept.map { truths[$0] }, kept.map { predictions[$0] })
        let rows = try Self.inputs(features, predictions, kept)
        var found: [LossKind: Loss] = [:]
        for kind in Set(metrics.map(\.loss)) {
            guard let losses = kind.losses(truths: known, predictions: guessed),
                let loss = try Self.learn(losses, rows, options)
            else { continue }
            found[kind] = loss
        }
        guard !found.isEmpty else {
            throw MartletError(
                .failedPrecondition,
                "insufficient data: no loss of the reference is a finite number."
            )
        }
        losses = found
        self.features = features.names
        referenceRows = kept.count
        let parts = try chunks.ranges(of: kept.count)
        var thresholds: [Metric: MetricThreshold] = [:]
        for metric in metrics where found[metric.loss] != nil {
            let values = parts.map { part in
                metric.loss.losses(truths: Array(known[part]), predictions: Array(guessed[part])).flatMap(metric.value)
            }
            thresholds[metric] = MetricThreshold(values, in: 0 ... .infinity)
        }
        self.thresholds = thresholds
        self.metrics = metrics.filter { found[$0.loss] != nil }
    }

    /// The metrics that are estimated.
    package let metrics: [Metric]

    private static func learn(
        _ losses: [Double],
        _ rows: SampleMatrix,
        _ options: GradientBoostedTrees.Options
    ) throws(MartletError) -> Loss? {
        let (mean, deviation) = (Sums.mean(losses), Sums.variance(losses).squareRoot())
        guard losses.allSatisfy(\.isFinite), mean.isFinite, deviation.isFinite else { return nil }
        // Trees see losses near 1, whatever the unit of the target.
        let scale = mean > 0 ? mean : 1
        let model = try GradientBoostedTrees(
            rows: rows,
            targets: losses.map { $0 / scale },
            objective: .squaredError,
            options: options
        )
        return Loss(model: model, mean: mean, deviation: deviation)
    }

    /// The features and, as the last one, the prediction.
    private static func inputs(
        _ features: SampleMatrix,
        _ predictions: [Double],
        _ rows: [Int]
    ) throws(MartletError) -> SampleMatrix {
        var elements: [Float] = []
        elements.reserveCapacity(rows.count * (features.columns + 1))
        for row in rows {
            elements += features.elements[row * features.columns..<(row + 1) * features.columns]
            elements.append(Float(predictions[row]))
        }
        do {
            return try SampleMatrix(names: features.names + ["prediction"], elements: elements)
        } catch let error as MartletError {
            throw error
        } catch {
            throw MartletError(.internal, "The rows could not be arranged.", cause: error)
        }
    }

    /// Estimates the metrics of rows chunk by chunk.
    ///
    /// - Parameters:
    ///   - features: the features, in the reference's order.
    ///   - predictions: the predicted values, as many; rows without one are left out.
    ///   - chunks: how the rows are cut; nil for one chunk.
    /// - Returns: the chunks in order; one without values when no row is left.
    /// - Throws: `invalidArgument` when sizes differ or the rows cannot be cut so.
    package func estimate(
        features: SampleMatrix,
        predictions: [Double],
        chunks: Chunking? = nil
    ) throws(MartletError) -> [Chunk] {
        guard features.rows == predictions.count, features.columns == self.features.count else {
            throw MartletError(
                .invalidArgument,
                "\(features.rows) rows of \(features.columns) features with \(predictions.count) predictions do not fit a "
                    + "reference of \(self.features.count) features."
            )
        }
        let kept = predictions.indices.filter { predictions[$0].isFinite }
        guard !kept.isEmpty else { return [chunk(0..<0, [:])] }
        let rows = try Self.inputs(features, predictions, kept)
        var estimated: [LossKind: [Double]] = [:]
        for (kind, loss) in losses {
            let scale = loss.mean > 0 ? loss.mean : 1
            estimated[kind] = try loss.model.predict(rows).map { max(0, $0) * scale }
        }
        guard let chunks else { return [chunk(0..<kept.count, estimated)] }
        return try chunks.ranges(of: kept.count).map { range in
            chunk(range, estimated.mapValues { Array($0[range]) })
        }
    }

    private func chunk(_ range: Range<Int>, _ estimated: [LossKind: [Double]]) -> Chunk {
        Chunk(
            range: range,
            estimates: metrics.map { metric in
                Estimate(
                    metric.rawValue,
                    estimated[metric.loss].flatMap(metric.value),
                    error: error(of: metric, rows: range.count),
                    threshold: thresholds[metric],
                    in: 0 ... .infinity,
                    count: range.count,
                    because: "no row has a prediction"
                )
            }
        )
    }

    /// The error that comes from the number of rows: the losses' deviation on the reference over the root of the number.
    private func error(of metric: Metric, rows: Int) -> Double? {
        guard rows > 0, let loss = losses[metric.loss] else { return nil }
        let error = loss.deviation / Double(rows).squareRoot()
        guard metric.isRoot else { return error }
        return loss.mean > 0 ? error / (2 * loss.mean.squareRoot()) : 0
    }
}
