import Console
import Core

/// A registered model with three versions.
enum SampleModels {
    static let rows: [ModelsPage.Row] = [
        .init(
            name: "cancer",
            description: "Malignant or benign from 30 measurements of cell nuclei",
            latest: 3,
            aliases: [("production", 2), ("candidate", 3)],
            servedBy: ["cancer"],
            updated: SampleTime.ago(21)
        ),
        .init(
            name: "churn",
            latest: 12,
            aliases: [("champion", 11)],
            servedBy: ["churn"],
            updated: SampleTime.ago(8600)
        ),
    ]

    static let model = ModelPage(
        name: "cancer",
        description: "Malignant or benign from 30 measurements of cell nuclei",
        lede: [.joined([.text("served by"), .link("cancer", "/deployments/cancer")])],
        rows: [
            .init(
                version: 3,
                aliases: ["candidate"],
                metrics: ["accuracy": 0.9719, "auroc": 0.9962],
                run: ("abc", "trial-3"),
                serves: [("cancer", "10%")],
                created: SampleTime.ago(22)
            ),
            .init(
                version: 2,
                aliases: ["production"],
                metrics: ["accuracy": 0.9649, "auroc": 0.9931],
                run: ("abd", "trial-17"),
                serves: [("cancer", "90%")],
                created: SampleTime.ago(900)
            ),
            .init(version: 1, metrics: ["accuracy": 0.9439, "auroc": 0.9871], created: SampleTime.ago(9000)),
        ],
        tags: [("team", "screening")]
    )

    static let version = ModelVersionPage(
        model: "cancer",
        version: 3,
        aliases: ["candidate"],
        lede: [.joined([.text("registered"), .time(SampleTime.ago(22))]), .text("XGBoost")],
        lineage: [
            ("Run", .link("trial-3", "/runs/abc")), ("Pipeline run", .link("8c1f0a2b", "/pipeline-runs/8c1f0a2b")),
            ("Serves in", .joined([.link("cancer", "/deployments/cancer"), .quiet("10%")])),
            ("Source", .code("mlflow-artifacts:/1/abc/artifacts/model")),
        ],
        metrics: [("accuracy", 0.9719), ("auroc", 0.9962)],
        inputs: SampleMonitors.names.map { ($0, "double", true) },
        outputs: [("probability", "float", true)],
        files: [
            .init(path: "MLmodel", isDirectory: false, size: 1_204, href: "/a"),
            .init(path: "model.json", isDirectory: false, size: 182_204, href: "/b"),
        ],
        pictures: [.init(path: "shap.svg", isDirectory: false, size: 18_220, href: "/runs/abc3/picture?path=shap.svg")],
        tags: [("objective", "accuracy")]
    )
}
