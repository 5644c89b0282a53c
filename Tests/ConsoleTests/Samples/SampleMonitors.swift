import Console
import Core

/// A monitor that reports drift in some of thirty features.
enum SampleMonitors {
    static let rows: [MonitorsPage.Row] = [
        .init(
            name: "cancer-drift",
            deployment: "cancer",
            tone: .bad,
            verdict: "drift",
            history: [0.4, 0.5, 0.3, 0.6, 0.2, 0.01, 0.002, 0.002],
            score: "0.002",
            features: "7 of 30",
            evaluated: SampleTime.ago(1)
        ),
        .init(
            name: "churn-drift",
            deployment: "churn",
            tone: .good,
            verdict: "stable",
            history: [0.4, 0.5, 0.3, 0.6, 0.4, 0.51, 0.62, 0.42],
            score: "0.42",
            features: "0 of 18",
            evaluated: SampleTime.ago(3)
        ),
        .init(name: "iris-drift", deployment: "iris", tone: .idle, verdict: "waiting for rows"),
    ]

    static let names = [
        "mean radius", "mean texture", "mean perimeter", "mean area", "mean smoothness", "mean compactness",
        "mean concavity", "mean concave points", "mean symmetry", "mean fractal dimension", "radius error",
        "texture error", "perimeter error", "area error", "smoothness error",
    ]

    static let features: [MonitorPage.Feature] = names.enumerated().map {
        (index: Int, name: String) -> MonitorPage.Feature in
        var generator = SeededGenerator(seed: UInt64(index + 1))
        let drifted = index < 4
        let scale = Double(index * 3 + 1)
        let reference = (0..<400).map { _ in scale * (14 + 3 * generator.normal()) }
        let (middle, width) = drifted ? (19.0, 4.0) : (14.0, 3.0)
        let current = (0..<100).map { _ in scale * (middle + width * generator.normal()) }
        let distribution = Distribution(reference: reference, current: current)
        let figure = drifted ? "p 3.1e−9" : "p 0.\(41 + index)"
        return MonitorPage.Feature(name: name, distribution: distribution, drifted: drifted, figure: figure)
    }

    static let distances: [Double] = (0..<60).map { (step: Int) -> Double in
        step < 40 ? 0.002 + Double(step % 5) * 0.0007 : 0.002 + Double(step - 40) * 0.002
    }

    static let moved: [Double] = (0..<60).map { (step: Int) -> Double in
        step < 42 ? 0 : Double(min(7, step - 42))
    }

    static let scores: [(title: String, note: String, chart: LineChart)] = [
        (
            "MMD", "distance between window and reference, limit dashed",
            LineChart(
                label: "MMD over time",
                curves: [
                    .init(
                        "MMD²",
                        SampleDeployments.series(distances),
                        color: 1,
                        filled: true
                    )
                ],
                axis: .time(now: SampleTime.now),
                limit: 0.011,
                fromZero: true
            )
        ),
        (
            "Features moved", "by Kolmogorov-Smirnov with Bonferroni's correction",
            LineChart(
                label: "Features moved over time",
                curves: [
                    .init(
                        "features",
                        SampleDeployments.series(moved),
                        color: 5,
                        filled: true
                    )
                ],
                axis: .time(now: SampleTime.now),
                format: .count,
                fromZero: true
            )
        ),
    ]

    static let page = MonitorPage(
        name: "cancer-drift",
        deployment: "cancer",
        tone: .bad,
        verdict: "drift",
        sentence: "The last 100 rows differ from the reference of version 2: MMD² is 0.042 with p = 0.002, below 0.01, "
            + "in 2 windows in a row. 4 of 15 features moved; mean radius moved most.",
        stats: [
            .init("MMD²", "0.042", note: "p = 0.002", tone: .bad), .init("Features moved", "4", unit: "of 15"),
            .init("Window", "100", unit: "rows", note: "last 2.1 s"),
            .init("Reference", "199", unit: "rows", note: "version 2"), .init("Since", "1 min 07 s"),
        ],
        scores: scores,
        features: features,
        settings: [
            ("Window", .text("100 rows, from 60")), ("Interval", .text("1 s")),
            ("MMD", .text("p < 0.01, 100 permutations")), ("KS", .text("p < 0.01, Bonferroni")),
            ("Hysteresis", .text("2 windows in a row")),
        ],
        events: [
            .init(.bad, .text("stable → drift"), more: "MMD p = 0.002", time: SampleTime.ago(67)),
            .init(.good, .text("waiting → stable"), time: SampleTime.ago(600)),
        ],
        changes: [
            .init(
                column: "mean texture",
                detail: "12 % of the values are missing, 0 % were",
                probability: "p ≈ 0",
                tone: .bad
            ),
            .init(
                column: "plan",
                detail: "2 categories that the reference does not have",
                probability: "",
                tone: .warn
            ),
        ],
        performance: performance,
        actions: [ActionButton("Evaluate now", path: "/drift/cancer-drift/evaluate")]
    )

    private static let performance = MonitorPage.Performance(
        note: "accuracy 0.91 of version 2 is below 0.93",
        charts: [
            (
                "accuracy", "with labels as a line, estimated without them as dots",
                LineChart(
                    label: "accuracy",
                    curves: [
                        .init("with labels", [(x: 0, y: 0.96), (x: 1, y: 0.95), (x: 2, y: 0.91)], color: 1),
                        .init("estimated without", [(x: 0, y: 0.95), (x: 1, y: 0.94), (x: 2, y: 0.92)], color: 2),
                    ],
                    axis: .step
                )
            )
        ],
        table: TableView(
            columns: [.init("Version", numeric: true), .init("accuracy", numeric: true)],
            rows: [[.text("2"), .text("0.91")]]
        )
    )
}
