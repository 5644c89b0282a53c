#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Metrics that need probabilities: log loss, Brier score and calibration.
struct ProbabilityMetrics {
    /// `log_loss`, `brier` and `ece`; empty without scores.
    let metrics: [MetricValue]
    /// The calibration; nil when scores are missing or are no probabilities.
    let calibration: CalibrationReport?

    /// Judges the rows that have probabilities.
    init(_ rows: ClassificationRows) {
        guard let confidences = rows.confidences else {
            (metrics, calibration) = ([], nil)
            return
        }
        let columns = (0..<rows.ownClasses).compactMap { rows.score(of: $0) }
        // Of two classes the score of the first one is what the second one leaves.
        let known = columns.isEmpty ? [confidences] : rows.ownClasses == 2 ? [columns[1]] : columns
        let usable = rows.labels.indices.filter { row in known.allSatisfy { !$0[row].isNaN } }
        let stray = usable.first { row in known.contains { $0[row] < 0 || $0[row] > 1 } }
        let names = columns.isEmpty ? ["ece"] : ["log_loss", "brier", "ece"]
        guard !usable.isEmpty, stray == nil else {
            let reason =
                stray.map { row in
                    "the scores are no probabilities: row \(row) has \(known.map { $0[row] }.first { $0 < 0 || $0 > 1 } ?? .nan)"
                } ?? "no row has a score"
            metrics = names.map { MetricValue($0, count: usable.count, because: reason) }
            calibration = nil
            return
        }
        let report = Self.calibration(rows, columns, confidences, usable)
        calibration = report
        metrics = Self.losses(rows, columns, usable) + [report.expectedError]
    }

    /// Of two classes the probability of the second one is judged, of several that of the predicted one.
    private static func calibration(
        _ rows: ClassificationRows,
        _ columns: [[Double]],
        _ confidences: [Double],
        _ usable: [Int]
    ) -> CalibrationReport {
        let isBinary = rows.ownClasses == 2 && columns.count == 2
        let scores = isBinary ? columns[1] : confidences
        return CalibrationReport(
            probabilities: usable.map { scores[$0] },
            isPositive: usable.map { isBinary ? rows.labels[$0] == 1 : rows.labels[$0] == rows.predictions[$0] }
        )
    }

    private static func losses(_ rows: ClassificationRows, _ columns: [[Double]], _ usable: [Int]) -> [MetricValue] {
        guard !columns.isEmpty else { return [] }
        // A class that the model does not know has no probability that could be judged.
        let judged = usable.filter { rows.labels[$0] < rows.ownClasses }
        guard !judged.isEmpty else {
            return ["log_loss", "brier"].map {
                MetricValue($0, count: 0, because: "no row is of a class that the model knows")
            }
        }
        let logLosses = judged.map { -log(clip(columns[rows.labels[$0]][$0])) }
        let squares = judged.map { row -> Double in
            if rows.ownClasses == 2 {
                let difference = columns[1][row] - (rows.labels[row] == 1 ? 1 : 0)
                return difference * difference
            }
            return columns.indices.reduce(0) { sum, index in
                let difference = columns[index][row] - (rows.labels[row] == index ? 1 : 0)
                return sum + difference * difference
            }
        }
        return [("log_loss", logLosses), ("brier", squares)].map { name, values in
            MetricValue(
                name,
                Sums.mean(values),
                standardError: Sums.standardError(values),
                count: values.count
            )
        }
    }

    /// Keeps a probability off 0 and 1 by the spacing of doubles, as scikit-learn does.
    private static func clip(_ probability: Double) -> Double {
        min(max(probability, .ulpOfOne), 1 - .ulpOfOne)
    }
}
