import Console
import Core

/// A tuning experiment and one of its runs.
enum SampleExperiments {
    static let rows: [RunRow] = (0..<14).map { index in
        var generator = SeededGenerator(seed: UInt64(index) + 7)
        let accuracy = 0.93 + generator.uniform() * 0.05
        return RunRow(
            id: "abc\(index)",
            name: "trial-\(index)",
            tone: index == 0 ? .live : (index == 5 ? .bad : .good),
            status: index == 0 ? "running" : (index == 5 ? "failed" : "finished"),
            started: SampleTime.ago(Int64(index * 9)),
            took: "1.\(index) s",
            parameters: [
                "max_depth": String(2 + index % 6), "eta": NumberText.value(generator.uniform() * 0.3),
                "objective": "binary:logistic",
            ],
            metrics: index == 5 ? [:] : ["accuracy": accuracy, "auroc": accuracy + 0.02, "logloss": 1.1 - accuracy]
        )
    }

    static let experiments: [ExperimentsPage.Row] = [
        .init(id: "1", name: "cancer-training", runs: 42, updated: SampleTime.ago(3), created: SampleTime.ago(9000)),
        .init(id: "0", name: "Default", runs: 0, created: SampleTime.ago(90_000)),
    ]

    static func table(_ rows: [RunRow]) -> RunTable {
        RunTable(rows: rows, sortedBy: "metrics.accuracy") { key, falls in
            ConsolePath.query("/experiments/1", [("order_by", key + (falls ? " DESC" : " ASC"))])
        }
    }

    static let progress = LineChart(
        label: "accuracy of each run",
        curves: [.init("run", points(wobble), color: 0, dotted: true), .init("best so far", points(climb), color: 1)],
        axis: .step,
        height: .short
    )

    static let steps: [Double] = (0..<80).map { Double($0) }
    static let wobble: [Double] = steps.prefix(20).map { 0.93 + ($0 * 7).truncatingRemainder(dividingBy: 5) * 0.01 }
    static let climb: [Double] = steps.prefix(20).map { min(0.975, 0.93 + $0 * 0.004) }
    static let falling: [Double] = steps.map { 0.65 / (1 + $0 * 0.2) }
    static let bending: [Double] = steps.map { 0.65 / (1 + $0 * 0.12) + $0 * 0.0004 }
    static let rising: [Double] = steps.map { 0.997 - 0.1 / (1 + $0 * 0.3) }

    static func points(_ values: [Double]) -> [(x: Double, y: Double)] {
        values.enumerated().map { (x: Double($0.offset), y: $0.element) }
    }

    static let experiment = ExperimentPage(
        id: "1",
        name: "cancer-training",
        lede: [.text("42 runs"), .joined([.text("ID"), .code("1")])],
        filter: "metrics.accuracy > 0.9",
        table: table(rows),
        next: "/experiments/1?page_token=x",
        progress: ("accuracy", progress)
    )

    static func curve(_ name: String, _ values: [Double], color: Int = 1) -> LineChart {
        LineChart(
            label: name,
            curves: [.init(name, points(values), color: color)],
            axis: .step
        )
    }

    static let run = RunPage(
        row: rows[3],
        experiment: ("1", "cancer-training"),
        lede: [
            .joined([.text("started"), .time(SampleTime.ago(27))]), .text("took 1.3 s"), .text("by pipeline"),
            .code("4f0c2ab9e71d4c0a9f5b1e7c2d6a8b90"),
        ],
        parameters: [("eta", "0.132"), ("max_depth", "5"), ("objective", "binary:logistic"), ("subsample", "0.81")],
        metrics: [("accuracy", 0.9719, 0), ("auroc", 0.9962, 0), ("train-logloss", 0.0123, 79)],
        charts: [
            curve("train-logloss", falling),
            curve("validation-logloss", bending),
            curve("validation-auroc", rising),
        ],
        tags: [("mlflow.source.name", "learning.tune"), ("martlet.pipeline", "cancer-training")],
        artifacts: [
            .init(path: "model", isDirectory: true, href: "/runs/abc3?path=model"),
            .init(path: "shap.svg", isDirectory: false, size: 18_220, href: "/artifacts/shap.svg"),
            .init(path: "importance.json", isDirectory: false, size: 1_822, href: "/artifacts/importance.json"),
        ],
        pictures: [.init(path: "shap.svg", isDirectory: false, size: 18_220, href: "/runs/abc3/picture?path=shap.svg")],
        children: Array(rows.prefix(3))
    )
}
