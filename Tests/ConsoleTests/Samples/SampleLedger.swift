import Console
import Core

/// The ledger, its quality by hour and one prediction.
enum SampleLedger {
    static let page = PredictionsPage(
        query: .init(deployment: "cancer", filter: "label != prediction", since: "24h", labels: "wrong"),
        deployments: ["cancer", "churn"],
        rows: SampleDeployments.predictions,
        note: "newest 50",
        next: "/ledger?deployment=cancer&page_token=a1",
        exports: [
            ("CSV", "/api/martlet/v1/ledger/export?deployment=cancer&format=csv"),
            ("JSON Lines", "/api/martlet/v1/ledger/export?deployment=cancer&format=jsonl"),
        ],
        example: "prediction = 'malignant' and score > 0.9"
    )

    static let prediction = PredictionPage(
        deployment: "cancer",
        id: "0f3a9c0d2b7e4c1f8a55d00b6f1e2a3c",
        facts: [
            ("answer", .text("malignant")), ("score", .text("0.0312")),
            ("version", .link("version 3", "/models/cancer/3")), ("arm", .text("candidate")),
            ("entity", .code("patient-812")), ("latency", .text("1.21 ms")), ("answered", .time(SampleTime.ago(42))),
        ],
        inputs: [("mean radius", "17.99"), ("mean texture", "10.38"), ("mean perimeter", "122.8")],
        inputNote: "1 column is not kept",
        shadows: [
            .init(version: "version 2", output: "malignant", score: 0.0441, agrees: true),
            .init(version: "version 5", output: "benign", score: 0.71, agrees: false),
        ],
        labels: [
            .init(text: "malignant", observed: SampleTime.ago(12), received: SampleTime.ago(8), counts: true),
            .init(text: "benign", observed: SampleTime.ago(30), received: SampleTime.ago(25), counts: false),
        ],
        classes: ["malignant", "benign"]
    )

    static let quality = HourlyQualityPage(
        deployment: "cancer",
        chart: LineChart(
            label: "Accuracy by version",
            curves: [
                .init("version 2", SampleDeployments.series([0.96, 0.97, 0.95, 0.91, 0.86], step: 3600), color: 2),
                .init("version 3", SampleDeployments.series([0.97, 0.98], step: 3600), color: 3),
            ],
            axis: .time(now: SampleTime.now),
            format: .percent
        ),
        versions: [
            .init(name: "version 3", predictions: 12_480, labelled: 9_120, quality: "97.6%", latency: 0.0012),
            .init(name: "version 2", predictions: 104_300, labelled: 88_412, quality: "93.1%", latency: 0.0011),
        ],
        hours: [
            .init(name: "version 3", hour: "2026-11-21 08:00", predictions: 6_200, labelled: 3_010, quality: "97.9%"),
            .init(name: "version 2", hour: "2026-11-21 07:00", predictions: 9_800, labelled: 9_640, quality: "86.2%"),
        ],
        note: "the last 7 days"
    )

    static let full: [(name: String, page: any ConsolePage)] = [
        ("ledger", page), ("prediction", prediction), ("ledger-quality", quality),
    ]

    static let empty: [(name: String, page: any ConsolePage)] = [
        ("ledger-empty", PredictionsPage()), ("prediction-empty", PredictionPage(deployment: "d", id: "x")),
        (
            "ledger-quality-empty",
            HourlyQualityPage(deployment: "d", chart: LineChart(label: "nothing", curves: [], axis: .step))
        ),
    ]
}
