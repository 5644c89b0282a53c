import Console
import Core

/// A dataset that passed its checks and one that did not.
enum SampleDatasets {
    static let rows: [DatasetsPage.Row] = [
        .init(
            name: "breast-cancer",
            source: "breast_cancer.csv",
            rawRows: 569,
            cleanRows: 569,
            checks: (.good, "passed"),
            version: "b5d4045c3f466fa91fe2cc6abe79232a",
            updated: SampleTime.ago(900)
        ),
        .init(
            name: "churn",
            source: "churn.csv",
            rawRows: 20_000,
            checks: (.bad, "2 failed"),
            updated: SampleTime.ago(90)
        ),
        .init(name: "iris", source: "iris.csv"),
    ]

    static let page = DatasetPage(
        name: "breast-cancer",
        verdict: (.good, "checks passed"),
        lede: [.text("breast_cancer.csv"), .text("31 columns")],
        stats: [
            .init("Raw rows", "569"), .init("Clean rows", "569"),
            .init("Blocks", "6", unit: "of 6", note: "100 rows each"),
            .init("Columns", "31"), .init("Target", "target", note: "malignant, benign"),
        ],
        checks: [
            .init(name: "nulls ≤ 0", passed: true, detail: "0 of 17,639 values are missing"),
            .init(name: "duplicates ≤ 0", passed: true, detail: "no row appears twice"),
            .init(name: "mean radius within 0 to 100", passed: true, detail: "6.981 to 28.11"),
            .init(name: "mean area within 0 to 3,000", passed: nil, detail: ""),
        ],
        splits: [
            .init("train", weight: 199, figure: "199", color: 1),
            .init("validation", weight: 85, figure: "85", color: 2),
            .init("test", weight: 285, figure: "285", color: 3),
        ],
        facts: [("File", .code("breast_cancer.csv")), ("Version", .code("b5d4045c3f466fa91fe2cc6abe79232a"))],
        columns: SampleMonitors.names.map {
            DatasetPage.Column(name: $0, type: "number", minimum: 1, mean: 2.5, maximum: 9)
        }
    )
}
