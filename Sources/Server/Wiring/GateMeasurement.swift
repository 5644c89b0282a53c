import Core
import Learning
import Loop
import Performance
import Runtimes

/// What one model is worth on labelled rows, as a whole and by segment, and how long it takes.
struct GateMeasurement: Sendable {
    /// What one model is worth.
    struct Result: Sendable {
        var metrics: [String: Double]
        /// In the order of the rule's columns, for every model the same segments.
        var segments: [Segment] = []
        var seconds: Double?
    }

    /// What it is worth in one segment.
    struct Segment: Sendable {
        let column: String
        let name: String
        let rows: Int
        let metrics: [String: Double]
    }

    /// What the model said about rows.
    private enum Answers {
        case classes(ClassificationRows)
        case numbers(truths: [Double], predictions: [Double])

        /// The answers to some of the rows.
        func selecting(_ positions: [Int]) -> Answers {
            switch self {
            case .classes(let rows): .classes(rows.selecting(positions))
            case .numbers(let truths, let predictions):
                .numbers(truths: positions.map { truths[$0] }, predictions: positions.map { predictions[$0] })
            }
        }

        /// The metrics under the names of performance reports.
        var metrics: [String: Double] {
            switch self {
            case .classes(let rows): GateMeasurement.metrics(rows)
            case .numbers(let truths, let predictions):
                GateMeasurement.values(
                    (try? RegressionPerformance(truths: truths, predictions: predictions))?.metrics ?? []
                )
            }
        }
    }

    /// Predictions that are made before any is timed.
    private static let warmUpCalls = 20

    let rule: GateRule
    let rows: Table
    let target: String
    let classes: [String]

    /// Measures a model, with blocking calls.
    ///
    /// - Parameter path: the model's directory on this host.
    /// - Returns: its metrics, those of each segment, and how long it takes.
    /// - Throws: `invalidArgument` when a column is missing, and what loading a model throws.
    func measure(_ path: String) throws -> Result {
        let directory = try ModelDirectory.open(path)
        let predictor = try directory.loadPredictor()
        let outputs = try predictor.predict(rows, ignoring: [target])
        let (answers, logged) = try answers(outputs, directory, width: predictor.outputWidth)
        // Of all rows, the metrics are those that runs log; the others go by the names of performance reports.
        var result = Result(metrics: answers.metrics.merging(logged) { _, logged in logged })
        for column in Set(rule.fairness.map(\.column)).sorted() {
            for segment in try segments(of: column).all {
                result.segments.append(
                    Segment(
                        column: column,
                        name: Segments.name(segment),
                        rows: segment.rows.count,
                        metrics: answers.selecting(segment.rows).metrics
                    )
                )
            }
        }
        if let latency = rule.latency {
            result.seconds = try seconds(latency, predictor)
        }
        return result
    }

    /// Numbers to be predicted are judged as such; classes may be named by the dataset, by the model or be 0 and 1.
    private func answers(
        _ outputs: [Float],
        _ directory: ModelDirectory,
        width: Int
    ) throws -> (Answers, logged: [String: Double]) {
        let names = classes.isEmpty ? directory.classes : classes
        if names.isEmpty, width == 1, let truths = try rows.column(target).numbers,
            !truths.allSatisfy({ $0.isNaN || $0 == 0 || $0 == 1 })
        {
            return (.numbers(truths: truths, predictions: outputs.map { Double($0) }), [:])
        }
        let labelled = try LabelledRows.labels(of: rows.column(target), classes: names)
        let count = labelled.classes.count
        guard let table = ProbabilityTable(outputs, rows: labelled.labels.count, classes: count) else {
            throw MartletError(.invalidArgument, "A model's outputs do not fit \(count) classes.")
        }
        let predicted = labelled.labels.indices.map { table.prediction($0, threshold: directory.threshold) }
        let scores: ClassificationRows.Scores =
            count == 2
            ? .positive(labelled.labels.indices.map { table.probability($0, of: 1) }) : .all(outputs.map { Double($0) })
        let judged = try ClassificationRows(
            labels: labelled.labels.map { labelled.classes[$0] },
            predictions: predicted.map { labelled.classes[$0] },
            scores: scores,
            classes: labelled.classes
        )
        let whole = try ClassificationMetrics(
            probabilities: outputs,
            labels: labelled.labels,
            classes: count,
            threshold: directory.threshold
        )
        return (.classes(judged), Dictionary(whole.named.filter(\.value.isFinite).map { ($0.name, $0.value) }) { $1 })
    }

    private static func metrics(_ rows: ClassificationRows) -> [String: Double] {
        guard rows.count > 0 else { return [:] }
        var metrics = values(ClassificationPerformance(rows).metrics)
        metrics["auroc"] = metrics["roc_auc"]
        if let recall = metrics["recall"] { metrics["false_negative_rate"] = 1 - recall }
        if let specificity = metrics["specificity"] { metrics["false_positive_rate"] = 1 - specificity }
        if rows.classes.count == 2 {
            metrics["selection_rate"] = Double(rows.predictions.count { $0 == 1 }) / Double(rows.count)
        }
        return metrics
    }

    private static func values(_ metrics: [MetricValue]) -> [String: Double] {
        var values: [String: Double] = [:]
        for metric in metrics { if let value = metric.value { values[metric.name] = value } }
        return values
    }

    private func segments(of name: String) throws(MartletError) -> Segments {
        let column = try rows.column(name)
        switch column.values {
        case .strings(let texts): return Segments(texts)
        case .numbers(let numbers): return Segments(numbers)
        case .integers(let integers): return Segments(integers.map { $0.map { Double($0) } ?? .nan })
        }
    }

    /// The quantile of the time that single rows take.
    private func seconds(_ budget: LatencyBudget, _ predictor: TablePredictor) throws -> Double? {
        guard rows.rowCount > 0 else { return nil }
        let columns =
            predictor.columns.isEmpty ? rows.columns.map(\.name).filter { $0 != target } : predictor.columns
        let values = predictor.rows == nil ? [] : try rows.matrix(of: columns)
        var times: [UInt64] = []
        for call in 0..<(budget.calls + Self.warmUpCalls) {
            let row = call % rows.rowCount
            let began: UInt64
            if let runtime = predictor.rows {
                let single = Array(values[row * columns.count..<(row + 1) * columns.count])
                began = Clock.monotonicNanoseconds
                _ = try runtime.predict(single, count: 1)
            } else {
                let single = try rows.selecting([row])
                began = Clock.monotonicNanoseconds
                _ = try predictor.predict(single)
            }
            let ended = Clock.monotonicNanoseconds
            if call >= Self.warmUpCalls { times.append(ended &- began) }
        }
        times.sort()
        let position = min(times.count - 1, Int((budget.quantile * Double(times.count)).rounded(.down)))
        return Double(times[position]) / 1e9
    }
}
