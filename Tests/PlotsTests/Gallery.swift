import Core
import Plots

/// One example of every chart, small enough to read.
enum Gallery {
    static let all: [(name: String, svg: [UInt8])] = charts + evaluations + attributions

    private static func wave(_ count: Int, _ shift: Double) -> [PlotPoint] {
        (0..<count).map { step in
            let x = Double(step)
            return PlotPoint(x, 1 / (1 + x * 0.3) + 0.05 * shift * Double((step * 7) % 5))
        }
    }

    private static var charts: [(name: String, svg: [UInt8])] {
        let first = wave(12, 1)
        let line = LinePlot(
            title: "Log loss of a training",
            subtitle: "by boosting round",
            x: PlotAxis("round"),
            y: PlotAxis("log loss"),
            lines: [
                LinePlot.Line("train", first, band: first.map { $0.y - 0.1...$0.y + 0.1 }),
                LinePlot.Line("validation", wave(12, 2) + [PlotPoint(12, .nan), PlotPoint(13, 0.5)], style: .dotted),
                LinePlot.Line("random", [PlotPoint(0, 0.69), PlotPoint(12, 0.69)], style: .reference),
                LinePlot.Line("", wave(12, 3), style: .faint),
            ]
        )
        let bar = BarPlot(
            title: "Which features matter",
            label: "fall in accuracy when permuted",
            bars: [
                BarPlot.Bar("worst radius", 0.21, interval: 0.18...0.26), BarPlot.Bar("texture & <angle>", 0.1),
                BarPlot.Bar("noise", -0.02, interval: -0.05...0.01), BarPlot.Bar("unknown", .nan),
            ]
        )
        let scatter = ScatterPlot(
            title: "Two objectives",
            x: PlotAxis("accuracy"),
            y: PlotAxis("size", isLogarithmic: true),
            groups: [
                ScatterPlot.Group("trials", (0..<9).map { PlotPoint(0.8 + Double($0) / 50, Double($0 * $0 + 1) * 10) }),
                ScatterPlot.Group("front", [PlotPoint(0.9, 5), PlotPoint(0.95, 60), PlotPoint(.nan, 1)]),
            ],
            lines: [LinePlot.Line("best", [PlotPoint(0.9, 5), PlotPoint(0.95, 60)], style: .reference)]
        )
        let heat = HeatPlot(
            title: "Interactions",
            x: "feature",
            y: "feature",
            rows: ["a", "b"],
            columns: ["a", "b", "a long name of a feature"],
            values: [0.5, -0.25, .nan, 0, 1, 0.1],
            isDiverging: true
        )
        let histogram = HistogramPlot(
            title: "Scores by class",
            label: "probability",
            groups: [
                ("malignant", (0..<40).map { Double(($0 * $0) % 17) / 17 }), ("benign", [0.9, 0.95, .infinity, 1]),
            ],
            bins: 10
        )
        let parallel = ParallelPlot(
            title: "Trials",
            axes: [
                PlotAxis("eta", isLogarithmic: true), PlotAxis("depth"),
                PlotAxis("booster", categories: ["gbtree", "dart"]),
            ],
            rows: [[0.01, 3, 0], [0.1, 6, 1], [0.3, .nan, 0], [0.05, 9, 1]],
            values: [0.9, 0.95, .nan, 0.97],
            valueName: "auroc"
        )
        let grid = (0..<6).map { Double($0) }
        let contour = ContourPlot(
            title: "Accuracy over two parameters",
            x: PlotAxis("depth"),
            y: PlotAxis("eta"),
            xs: grid,
            ys: grid,
            values: grid.flatMap { y in grid.map { x in (x - 2) * (x - 2) + (y - 3) * (y - 3) } },
            valueName: "loss",
            points: [PlotPoint(2, 3), PlotPoint(4.5, 1)]
        )
        return [
            ("line", line.svg()), ("bar", bar.svg()), ("scatter", scatter.svg()), ("heat", heat.svg()),
            ("histogram", histogram.svg()), ("parallel", parallel.svg()), ("contour", contour.svg()),
        ]
    }

    private static var evaluations: [(name: String, svg: [UInt8])] {
        let curve = [PlotPoint(0, 0), PlotPoint(0, 0.6), PlotPoint(0.2, 0.9), PlotPoint(1, 1)]
        let recall = [PlotPoint(0, 1), PlotPoint(0.6, 1), PlotPoint(0.9, 0.8), PlotPoint(1, 0.4)]
        let bins = [PlotPoint(0.1, 0.05), PlotPoint(0.5, 0.6), PlotPoint(0.9, 0.92)]
        return [
            ("roc", ROCPlot.svg([ROCPlot.Curve("model", curve, area: 0.91)])),
            ("precision-recall", PrecisionRecallPlot.svg([ROCPlot.Curve("model", recall)], share: 0.4)),
            (
                "calibration",
                CalibrationPlot.svg([LinePlot.Line("model", bins, band: bins.map { $0.y - 0.04...$0.y + 0.06 })])
            ),
            ("confusion", ConfusionPlot.svg(classes: ["malignant", "benign"], counts: [[98, 8], [3, 175]])),
            ("residuals", ResidualPlot.svg(predicted: [1, 2, 3, 4], actual: [1.5, 1.5, 3.25, .nan])),
        ]
    }

    /// Contributions with a shape: the first feature pulls along its value, the second where the first is high.
    static func explained(rows: Int = 24, features: Int = 4) throws -> Attributions {
        var random = SeededGenerator(seed: 5)
        var (values, moves): ([Float], [Float]) = ([], [])
        for row in 0..<rows {
            let numbers = (0..<features).map { _ in Float(random.normal()) }
            for feature in 0..<features {
                values.append(row == 3 && feature == 1 ? .nan : numbers[feature])
                moves.append(
                    feature == 0 ? numbers[0] : feature == 1 ? numbers[1] * max(0, numbers[0]) : numbers[feature] / 8
                )
            }
        }
        return try Attributions(
            featureNames: (0..<features).map { "feature \($0)" },
            values: values,
            contributions: moves,
            baseValue: 0.25,
            output: "benign"
        )
    }

    private static var attributions: [(name: String, svg: [UInt8])] {
        guard let explained = try? explained() else { return [] }
        return [
            ("importance", ImportancePlot.svg(explained)), ("beeswarm", BeeswarmPlot.svg(explained)),
            ("waterfall", WaterfallPlot.svg(explained, row: 2)), ("force", ForcePlot.svg(explained, row: 2)),
            ("dependence", DependencePlot.svg(explained, feature: 1)), ("decision", DecisionPlot.svg(explained)),
        ]
    }
}
