import Core
import Performance
import Plots

/// The charts of an evaluation, each a file beside the run's other artifacts.
enum EvaluationCharts {
    /// The files by name.
    static func files(_ report: EvaluationReport) -> [(name: String, bytes: [UInt8])] {
        var files: [(name: String, bytes: [UInt8])] = []
        let judged = report.judged
        if case .classification(let metrics) = judged.metrics {
            let counts = metrics.confusion.counts
            files.append(("confusion.svg", ConfusionPlot.svg(classes: judged.truth.classes, counts: counts)))
        }
        if let performance = report.classification { files += curves(performance) }
        if case .regression = judged.metrics {
            let step = max(1, judged.truth.labels.count / PlotsLimits.points)
            let shown = stride(from: 0, to: judged.truth.labels.count, by: step)
            files.append(
                (
                    "residuals.svg",
                    ResidualPlot.svg(
                        predicted: shown.map { Double(judged.predictions[$0]) },
                        actual: shown.map { Double(judged.truth.labels[$0]) }
                    )
                )
            )
        }
        if !report.segments.isEmpty { files.append(("segments.svg", segments(report))) }
        return files
    }

    private static func curves(_ performance: ClassificationPerformance) -> [(name: String, bytes: [UInt8])] {
        var files: [(name: String, bytes: [UInt8])] = []
        let roc = performance.classes.compactMap { item in
            item.roc.map { ROCPlot.Curve(item.name, points($0), area: item.metrics["roc_auc"]?.value) }
        }
        if !roc.isEmpty { files.append(("roc.svg", ROCPlot.svg(roc))) }
        let recall = performance.classes.compactMap { item in
            item.precisionRecall.map {
                ROCPlot.Curve(item.name, points($0), area: item.metrics["average_precision"]?.value)
            }
        }
        if !recall.isEmpty {
            let only = performance.classes.count == 1 ? performance.classes.first : nil
            let share = only.map { Double($0.support) / Double(max(1, performance.rows)) }
            files.append(("precision_recall.svg", PrecisionRecallPlot.svg(recall, share: share)))
        }
        if let bins = performance.calibration?.bins, !bins.isEmpty {
            let line = LinePlot.Line("model", bins.map { PlotPoint($0.meanProbability, $0.fractionPositive) })
            files.append(("calibration.svg", CalibrationPlot.svg([line])))
        }
        return files
    }

    private static func points(_ curve: PerformanceCurve) -> [PlotPoint] {
        curve.points.map { PlotPoint($0.x, $0.y) }
    }

    private static func segments(_ report: EvaluationReport) -> [UInt8] {
        let metric = TaskMetrics.main(report.judged.task)
        let bars = report.segments.prefix(PerformanceLimits.segments).map { segment in
            BarPlot.Bar(
                "\(segment.column): \(segment.name) (\(segment.metrics.rows))",
                segment.metrics[metric] ?? .nan
            )
        }
        return BarPlot(title: "By segment", label: metric, bars: Array(bars)).svg()
    }
}
