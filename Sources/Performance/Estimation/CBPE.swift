package import Core

/// Estimates a classifier's metrics without labels, from the confidence of its predictions (CBPE).
///
/// Scores are calibrated on a labelled reference by isotonic regression, each class against the rest; calibrated
/// probabilities give the expected confusion matrix and ROC curve of any chunk. It holds as long as the relation of inputs
/// and truth stays what it was: a change of that relation shows only with labels. Numbers equal NannyML 0.13.1.
package struct CBPE: Sendable {
    /// Whether scores are calibrated.
    package enum Calibration: Sendable, Equatable {
        /// When held-out rows of the reference show that it helps.
        case automatic
        /// Always.
        case always
        /// Never: the scores are probabilities.
        case never
    }

    /// What is estimated of one chunk.
    package struct Chunk: Sendable, Equatable {
        /// The rows of the chunk among those that have a prediction with a score.
        package let range: Range<Int>
        /// The metrics.
        package let estimates: [Estimate]
        /// The expected counts by true and predicted class; empty when only confidences are known.
        package let confusion: [[Double]]

        /// The chunk with its metrics.
        package var json: JSONValue {
            [
                "start_index": .int(range.lowerBound), "end_index": .int(range.upperBound - 1),
                "rows": .int(range.count), "metrics": estimates.json,
                "expected_confusion_matrix": .array(confusion.map { .array($0.map(JSONValue.number)) }),
            ]
        }
    }

    /// The bounds by metric, from the chunks of the reference.
    package let thresholds: [EstimatedMetric: MetricThreshold]
    /// Whether each column of scores is calibrated.
    package var isCalibrated: [Bool] { calibrations.map { $0 != nil } }
    /// How many labelled rows of the reference were used.
    package let referenceRows: Int

    private let classes: Int
    private let width: Int
    private let calibrations: [IsotonicCalibration?]
    private let errors: SamplingErrors

    /// Learns from labelled rows.
    ///
    /// - Parameters:
    ///   - reference: labelled rows with scores.
    ///   - chunks: how the reference is cut to find the bounds of each metric.
    ///   - calibration: whether scores are calibrated.
    /// - Throws: `failedPrecondition` when rows or classes do not suffice, `invalidArgument` for chunks that cannot be cut.
    package init(
        reference: ClassificationRows,
        chunks: Chunking = .count(10),
        calibration: Calibration = .automatic
    ) throws(MartletError) {
        let kept = ScoredRows.usable(reference).filter { reference.labels[$0] < reference.ownClasses }
        let rows = kept.count == reference.count ? reference : reference.selecting(kept)
        guard rows.count > 1 else {
            throw Self.insufficient("the reference has \(rows.count) labelled rows with a prediction and a score")
        }
        guard Set(rows.labels).count > 1 else {
            throw Self.insufficient("every label of the reference is '\(rows.classes[rows.labels[0]])'")
        }
        let scored = ScoredRows(rows)
        if scored.columns.count == 1, rows.ownClasses > 2 || calibration == .never {
            try Self.checkProbabilities(scored.columns[0], needed: calibration == .never)
        }
        classes = rows.ownClasses
        width = scored.columns.count
        referenceRows = rows.count
        errors = SamplingErrors(rows)
        calibrations = scored.columns.indices.map { column in
            let outcomes = Self.outcomes(rows, column: column, of: scored.columns.count)
            let scores = scored.columns[column]
            let isNeeded =
                switch calibration {
                case .always: true
                case .never: false
                case .automatic:
                    // What is no probability must be made one.
                    scores.contains { $0 < 0 || $0 > 1 }
                        || CalibrationNeed.isNeeded(scores: scores, isPositive: outcomes)
                }
            return isNeeded ? IsotonicCalibration(scores: scores, isPositive: outcomes) : nil
        }
        let parts = try chunks.ranges(of: rows.count).map { rows.selecting(Array($0)) }
        var thresholds: [EstimatedMetric: MetricThreshold] = [:]
        for metric in EstimatedMetric.allCases {
            thresholds[metric] = MetricThreshold(parts.map(metric.realised), in: 0...1)
        }
        self.thresholds = thresholds
    }

    private static func checkProbabilities(_ scores: [Double], needed: Bool) throws(MartletError) {
        guard needed, let stray = scores.first(where: { $0 < 0 || $0 > 1 }) else { return }
        throw MartletError(.invalidArgument, "The score \(stray) is no probability; have the scores calibrated.")
    }

    /// What a column of scores speaks of: the second class, its own class, or whether the prediction is right.
    private static func outcomes(_ rows: ClassificationRows, column: Int, of width: Int) -> [Bool] {
        if rows.ownClasses == 2 { return rows.labels.map { $0 == 1 } }
        if width == rows.ownClasses { return rows.labels.map { $0 == column } }
        return zip(rows.labels, rows.predictions).map { $0 == $1 }
    }

    private static func insufficient(_ reason: String) -> MartletError {
        MartletError(.failedPrecondition, "insufficient data: \(reason).")
    }

    /// Estimates the metrics of rows as one chunk.
    ///
    /// - Throws: `invalidArgument` when the scores have another shape than the reference's.
    package func estimate(_ rows: ScoredRows) throws(MartletError) -> Chunk {
        let calibrated = try calibrate(rows)
        return estimate(rows, calibrated, 0..<rows.count)
    }

    /// Estimates the metrics chunk by chunk.
    ///
    /// - Throws: `invalidArgument` when the scores have another shape than the reference's or cannot be cut so.
    package func estimate(_ rows: ScoredRows, chunks: Chunking) throws(MartletError) -> [Chunk] {
        let calibrated = try calibrate(rows)
        return try chunks.ranges(of: rows.count).map { range in
            estimate(rows.slice(range), calibrated.map { Array($0[range]) }, range)
        }
    }

    /// Calibrated columns; those of several classes sum to one in each row.
    private func calibrate(_ rows: ScoredRows) throws(MartletError) -> [[Double]] {
        guard rows.columns.count == width, rows.predictions.allSatisfy({ $0 < classes }) else {
            throw MartletError(
                .invalidArgument,
                "The rows have \(rows.columns.count) columns of scores; the reference has \(width)."
            )
        }
        var columns = zip(calibrations, rows.columns).map { calibration, scores in
            // Without calibration a score is a probability, and cannot be less than 0 or more than 1.
            calibration.map { scores.map($0.callAsFunction) } ?? scores.map { min(max($0, 0), 1) }
        }
        guard width > 1 else { return columns }
        for row in rows.predictions.indices {
            let sum = columns.reduce(0) { $0 + $1[row] }
            for column in columns.indices {
                columns[column][row] = sum > 0 ? columns[column][row] / sum : 1 / Double(classes)
            }
        }
        return columns
    }

    private func estimate(_ rows: ScoredRows, _ calibrated: [[Double]], _ range: Range<Int>) -> Chunk {
        guard rows.count > 0 else {
            return Chunk(
                range: range,
                estimates: EstimatedMetric.allCases.map { metric in
                    Estimate(metric.rawValue, nil, error: nil, threshold: thresholds[metric], in: 0...1, count: 0)
                },
                confusion: []
            )
        }
        let expected = ExpectedOutcomes(rows, calibrated: calibrated, classes: classes)
        return Chunk(
            range: range,
            estimates: EstimatedMetric.allCases.map { metric in
                Estimate(
                    metric.rawValue,
                    expected.value(of: metric),
                    error: errors.error(of: metric, rows: rows.count),
                    threshold: thresholds[metric],
                    in: 0...1,
                    count: rows.count,
                    because: expected.confusion.isEmpty
                        ? "only the probability of the predicted class is known"
                        : "the scores let expect one class only"
                )
            },
            confusion: expected.confusion
        )
    }
}
