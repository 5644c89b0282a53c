import Console
import Core

/// Deployments with a canary under way, as the pages show them.
enum SampleDeployments {
    static let share: [ShareBar.Part] = [
        .init("version 2", weight: 90, figure: "90%", color: 1),
        .init("version 3", weight: 10, figure: "10%", color: 2),
    ]

    static func wave(_ count: Int, base: Double, swing: Double, noise: Double, seed: UInt64 = 3) -> [Double] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { step in
            let place = Double(step) / Double(count) * 9
            let bend = place.truncatingRemainder(dividingBy: 3) - 1.5
            return base + swing * (1 - bend * bend / 2.25) + generator.normal() * noise
        }
    }

    static let rows: [DeploymentRow] = [
        DeploymentRow(
            name: "cancer",
            follows: "models:/cancer@production",
            version: "version 2",
            tone: .live,
            state: "canary 10%",
            rate: 48.2,
            history: wave(60, base: 38, swing: 10, noise: 2),
            p95: 0.00342,
            errors: 0,
            drift: (.bad, "drift"),
            share: share
        ),
        DeploymentRow(
            name: "churn",
            follows: "models:/churn@champion",
            version: "version 11",
            tone: .good,
            state: "serving",
            rate: 312,
            history: wave(60, base: 250, swing: 60, noise: 8, seed: 9),
            p95: 0.0121,
            errors: 0.0023,
            drift: (.good, "stable")
        ),
        DeploymentRow(
            name: "iris",
            follows: "models:/iris@production",
            version: "version 1",
            tone: .idle,
            state: "no traffic",
            rate: 0
        ),
    ]

    static func series(_ values: [Double], step: Int64 = 2) -> [(x: Double, y: Double)] {
        values.enumerated().map { index, value in
            let seconds = Int64(values.count - index) * step
            return (Double(SampleTime.moment(ago: seconds).milliseconds), value)
        }
    }

    static let traffic = LineChart(
        label: "Requests per second by version",
        curves: [
            .init("version 2", series(wave(120, base: 38, swing: 10, noise: 2)), color: 1, filled: true),
            .init("version 3", series(wave(20, base: 4, swing: 1, noise: 0.5)), color: 2, filled: true),
        ],
        axis: .time(now: SampleTime.now),
        format: .rate,
        fromZero: true
    )

    static let latency = LineChart(
        label: "Latency quantiles",
        curves: [
            .init("p50", series(wave(120, base: 0.0011, swing: 0.0002, noise: 0.00006)), color: 1),
            .init("p95", series(wave(120, base: 0.0031, swing: 0.0005, noise: 0.0002)), color: 2),
            .init("p99", series(wave(120, base: 0.007, swing: 0.001, noise: 0.0006)), color: 5),
        ],
        axis: .time(now: SampleTime.now),
        format: .latency,
        fromZero: true
    )

    static let charts: [(title: String, note: String, chart: LineChart)] = [
        ("Requests per second", "by version", traffic), ("Latency", "quantiles", latency),
    ]

    static let rollout = RolloutView(
        title: "Version 3 replaces version 2",
        tone: .live,
        state: "baking at 10%",
        began: SampleTime.ago(21),
        strategy: "canary",
        waits: "Waits for 14 more requests on version 3 and 1.9 s of baking.",
        reason: "Errors and latency are within limits.",
        steps: [
            .init("10%", .now, detail: "2.1 s of 4 s · 26 of 40 samples"), .init("50%", .ahead, detail: "bakes 4 s"),
            .init("100%", .ahead, detail: "promotes"),
            .init("watch", .ahead, detail: "checks go on for 1 h"),
        ],
        checks: [
            .init(
                name: "Error rate",
                tone: .good,
                verdict: "pass",
                detail: "0 of 118 failed; at most 1% may",
                figures: [
                    ("estimate", "0%"), ("tolerance", "1%"), ("e-value", "0.31 of 80"), ("samples", "118"),
                ],
                towards: 0
            ),
            .init(
                name: "Latency p95",
                tone: .good,
                verdict: "pass",
                detail: "4% slower than 5.1 ms; at most 8% may",
                figures: [("e-value", "11 of 80"), ("samples", "118 and 1,060")],
                towards: 0.55
            ),
            .init(name: "quality", tone: .idle, verdict: "undecided", detail: "26 of 40 labels have come"),
        ],
        arms: [
            .init(name: "version 3, candidate", requests: 118, errors: 0, labelled: 26, correct: 25),
            .init(name: "version 2, stable", requests: 1060, errors: 0, labelled: 412, correct: 350),
        ]
    )

    static let page = DeploymentPage(
        name: "cancer",
        tone: .live,
        state: "canary 10%",
        lede: [
            .joined([.text("follows"), .link("models:/cancer@production", "/models/cancer")]), .text("30 inputs"),
            .joined([.text("drift"), .badge(.bad, "drift")]),
        ],
        actions: [
            ActionButton("Pause", path: "/deployments/cancer/pause"),
            ActionButton(
                "Promote",
                path: "/deployments/cancer/promote",
                style: .primary,
                question: "Give version 3 all traffic of cancer now?"
            ),
            ActionButton(
                "Roll back",
                path: "/deployments/cancer/rollback",
                style: .danger,
                question: "Return to version 2?"
            ),
        ],
        notices: [Notice(.info, "Version 1 was rejected: quality: right on 32 of 59 labelled rows.")],
        stats: [
            .init("Requests", "48.2", unit: "/s", note: "12,480 in all"), .init("p50", "1.21", unit: "ms"),
            .init("p95", "3.42", unit: "ms"), .init("p99", "8.05", unit: "ms"),
            .init("Errors", "0%", note: "none in the last minute"),
            .init("Quality", "84.9%", note: "on 412 labels", tone: .warn),
            .init("Drift", "p 0.002", note: "window of 100 rows", tone: .bad),
        ],
        rollout: rollout,
        traffic: TrafficView(
            arms: [
                .init(version: 2, href: "/models/cancer/2", role: "stable", percent: 90, color: 2),
                .init(version: 3, href: "/models/cancer/3", role: "candidate", percent: 10, color: 3),
            ],
            routes: [("x-tenant = beta", "version 3"), ("x-canary is present", "version 3")],
            sticky: "header x-patient",
            shadows: [.init(version: 5, href: "/models/cancer/5", role: "alias next", percent: 20, color: 5)]
        ),
        rejections: [(1, "quality: right on 32 of 59 labelled rows")],
        declaration: [
            ("follows", .code("models:/cancer@production")), ("strategy", .text("canary: 10, 50, 100 %")),
            ("replicas", .text("1 to 4")), ("monitors", .link("cancer-drift", "/drift/cancer-drift")),
        ],
        charts: charts,
        events: events,
        predictions: predictions
    )

    static let predictions: [PredictionRow] = (0..<9).map { (index: Int) -> PredictionRow in
        let malignant = index % 3 == 0
        var row = PredictionRow(
            id: "\(index)f3a9c0d2b7e",
            time: SampleTime.ago(Int64(index)),
            version: index % 5 == 2 ? "3" : "2",
            output: malignant ? "malignant" : "benign"
        )
        row.latency = 0.0011 + Double(index) * 0.0003
        row.drifted = index < 6
        if index > 4 {
            row.label = malignant ? "malignant" : "benign"
            row.correct = index != 7
        }
        return row
    }

    static let events: [Feed.Entry] = [
        .init(
            .info,
            .joined([.link("cancer", "/deployments/cancer"), .text("gives 10% to version 3")]),
            more: "alias production moved from 2 to 3",
            time: SampleTime.ago(21)
        ),
        .init(
            .good,
            .joined([.text("Gate accepted the candidate of"), .link("cancer-retrain", "/loops/1")]),
            more: "accuracy 0.9719 against 0.8491 of version 2, on 142 labelled rows",
            time: SampleTime.ago(26)
        ),
        .init(
            .bad,
            .joined([.link("cancer-drift", "/drift/cancer-drift"), .text("reports drift")]),
            time: SampleTime.ago(67)
        ),
        .init(.good, .text("Version 2 serves all traffic of cancer"), time: SampleTime.ago(640)),
    ]
}
