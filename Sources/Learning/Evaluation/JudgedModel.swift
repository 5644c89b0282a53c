package import Core
package import Performance

/// What a model said of test rows, with the truth: all that an evaluation is made of.
package struct JudgedModel: Sendable {
    /// What was learned.
    package let task: LearningTask
    /// What is true of the rows.
    package let truth: Truth
    /// The model's outputs, row-major.
    package let predictions: [Float]
    /// The probability from which class 1 is predicted.
    package let threshold: Double
    /// The metrics over all rows.
    package let metrics: TaskMetrics

    /// Judges predictions.
    ///
    /// - Throws: `invalidArgument` when sizes differ.
    package init(
        _ predictions: [Float],
        of truth: Truth,
        task: LearningTask,
        threshold: Double = 0.5
    ) throws(MartletError) {
        self.task = task
        self.truth = truth
        self.predictions = predictions
        self.threshold = threshold
        metrics = try TaskMetrics(predictions, for: truth, task: task, threshold: threshold)
    }

    /// The metrics with intervals over resampled rows; of ranked rows over resampled groups.
    ///
    /// - Throws: never for what `init` accepted.
    package func intervals(seed: UInt64) throws(MartletError) -> [Bootstrap.Interval] {
        switch metrics {
        case .classification:
            let judge = try CountedClassification(
                predictions,
                labels: truth.labels.map { Int($0) },
                classes: truth.classes.count,
                threshold: threshold
            )
            return Bootstrap.intervals(units: truth.labels.count, seed: seed) { judge.metrics($0) }
        case .regression:
            let judge = CountedRegression(
                truths: truth.labels.map(Double.init),
                predictions: predictions.map(Double.init)
            )
            return Bootstrap.intervals(units: truth.labels.count, seed: seed) { judge.metrics($0) }
        case .ranking(let ranking):
            return Bootstrap.intervals(units: ranking.groups.count, seed: seed) {
                ranking.named(counts: $0.map { Int($0) })
            }
        }
    }

    /// Curves, calibration and metrics by class; nil unless classes were learned.
    ///
    /// - Throws: `payloadTooLarge` past `PerformanceLimits`.
    package func classification() throws(MartletError) -> ClassificationPerformance? {
        guard task.isClassification,
            let table = ProbabilityTable(predictions, rows: truth.labels.count, classes: truth.classes.count)
        else { return nil }
        let range = 0..<truth.labels.count
        let scores: ClassificationRows.Scores =
            truth.classes.count == 2
            ? .positive(range.map { table.probability($0, of: 1) }) : .all(predictions.map(Double.init))
        return ClassificationPerformance(
            try ClassificationRows(
                labels: truth.labels.map { truth.classes[Int($0)] },
                predictions: range.map { truth.classes[table.prediction($0, threshold: threshold)] },
                scores: scores,
                classes: truth.classes
            )
        )
    }

    /// The model judged on some of the rows.
    package func selecting(_ positions: [Int]) throws(MartletError) -> JudgedModel {
        let width = predictions.count / max(1, truth.labels.count)
        return try JudgedModel(
            positions.flatMap { predictions[$0 * width..<($0 + 1) * width] },
            of: truth.selecting(positions),
            task: task,
            threshold: threshold
        )
    }
}
