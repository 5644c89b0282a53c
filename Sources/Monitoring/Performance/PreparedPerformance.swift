import Core
import Drift
import Performance

/// A reference made ready: bounds of metrics, estimators, and detectors for what is said and what is true.
struct PreparedPerformance: Sendable {
    let reference: VersionRows
    let origin: PerformanceReference.Origin
    /// Rows of one chunk of the reference.
    let chunkRows: Int
    /// Bounds of realised metrics.
    let thresholds: [String: MetricThreshold]
    private let estimator: Estimator
    private let prediction: (any Detector)?
    private let target: (any Detector)?

    private enum Estimator: Sendable {
        case classes(CBPE, [String])
        case numbers(DirectLossEstimator)
        case none(String)
    }

    /// Why nothing is estimated; nil when something is.
    var reason: String? { if case .none(let reason) = estimator { reason } else { nil } }

    /// The fewest rows of a chunk: with fewer, metrics jump too much to bound anything.
    private static let fewestRows = 20

    init(_ reference: PerformanceReference, estimates: Bool) {
        let rows = VersionRows(reference.rows, model: reference.model)
        self.reference = rows
        origin = reference.origin
        let chunks = max(2, min(10, rows.rows.count / Self.fewestRows))
        chunkRows = max(1, rows.rows.count / chunks)
        let size = chunkRows
        let parts = stride(from: 0, to: rows.rows.count - size + 1, by: size).map { start in
            (try? rows.with(Array(rows.rows[start..<start + size])).realised()) ?? []
        }
        var thresholds: [String: MetricThreshold] = [:]
        for name in MetricDirection.names {
            let range = MetricDirection.range(of: name)
            thresholds[name] = MetricThreshold(parts.map { $0[name]?.value }, in: range)
        }
        self.thresholds = thresholds
        estimator = estimates ? Self.estimator(rows, .size(size)) : .none("estimates are switched off")
        prediction = try? DetectorSpec().prepare(reference: rows.predictionColumn())
        target = try? DetectorSpec().prepare(reference: rows.targetColumn())
    }

    private static func estimator(_ rows: VersionRows, _ chunks: Chunking) -> Estimator {
        do {
            switch rows.kind {
            case .classes(let classes):
                let labelled = try rows.classification(classes)
                guard !classes.isEmpty else { return .none("insufficient data: the model's classes are not known") }
                return .classes(try CBPE(reference: labelled, chunks: chunks), classes)
            case .numbers:
                guard let features = rows.matrix else {
                    return .none("insufficient data: the reference has no features to learn errors from")
                }
                return .numbers(
                    try DirectLossEstimator(
                        features: features,
                        predictions: rows.predictions,
                        truths: rows.truths,
                        chunks: chunks
                    )
                )
            }
        } catch {
            return .none(error.message)
        }
    }

    /// What the metrics of rows probably are, whether or not they have labels.
    func estimate(_ rows: VersionRows) throws(MartletError) -> [Estimate] {
        switch estimator {
        case .none: return []
        case .classes(let estimator, let classes): return try estimator.estimate(rows.scored(classes)).estimates
        case .numbers(let estimator):
            guard let features = rows.matrix else { return [] }
            return try estimator.estimate(features: features, predictions: rows.predictions).first?.estimates ?? []
        }
    }

    /// How what was said, and what is true, differ from the reference.
    func drift(_ rows: VersionRows) throws(MartletError) -> JSONValue {
        var object = JSONObject()
        if let prediction {
            object["prediction"] = try Self.json(prediction.evaluate(rows.predictionColumn()))
        }
        if let target {
            object["target"] = try Self.json(target.evaluate(rows.targetColumn()))
        }
        return .object(object)
    }

    private static func json(_ report: DetectorReport) -> JSONValue {
        guard let column = report.features.first else {
            return ["drifted": .null, "reason": .optional(report.reason)]
        }
        return [
            "method": .string(column.method.rawValue), "score": .optional(column.score),
            "p_value": .optional(column.pValue), "threshold": .number(column.threshold),
            "drifted": column.drifted.map(JSONValue.bool) ?? .null,
            "reason": .optional(column.reason ?? report.reason),
        ]
    }
}
