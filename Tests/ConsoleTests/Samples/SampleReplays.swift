import Console
import Core

/// Replays of candidates, and one report.
enum SampleReplays {
    static let rows: [ReplaysPage.Row] = [
        .init(
            id: "r2",
            candidate: "models:/cancer/7",
            deployment: "cancer",
            tone: .live,
            state: "running 42%",
            rows: 4_200,
            by: "rollout 8c1f0a2b",
            asked: SampleTime.ago(4)
        ),
        .init(
            id: "r1",
            candidate: "models:/cancer/6",
            deployment: "cancer",
            tone: .bad,
            state: "fails the gate",
            rows: 10_000,
            finding: "the same answer on 81.2% of 10,000 rows",
            by: "anna",
            asked: SampleTime.ago(640)
        ),
    ]

    static let page = ReplayPage(
        row: rows[1],
        sentence: "Version 6 gives the same answer on 81.2% of 10,000 rows; at least 95% are wanted.",
        stats: [
            .init("Same answer", "81.2%", note: "10,000 rows", tone: .bad),
            .init("Accuracy, candidate", "88.1%", note: "7,412 labels"), .init("Accuracy, served", "93.4%"),
            .init("p95", "1.31", unit: "ms", note: "served 1.22 ms"),
        ],
        checks: [("Disagreement", .bad, "fail", "18.8% of 10,000 rows; at most 5% may differ")],
        segments: [
            .init(by: "prediction", value: "malignant", rows: 3_900, agreement: 0.62, candidate: "71%", logged: "91%"),
            .init(by: "prediction", value: "benign", rows: 6_100, agreement: 0.934),
        ],
        disagreements: [
            .init(
                id: "0f3a9c0d2b7e4c1f",
                time: SampleTime.ago(5_000),
                logged: "malignant",
                candidate: "benign",
                label: "malignant"
            )
        ],
        request: [("since", .time(SampleTime.ago(86_400))), ("rows at most", .text("10,000"))],
        actions: [ActionButton("Cancel", path: "/replays/r1/cancel")]
    )

    static let full: [(name: String, page: any ConsolePage)] = [
        (
            "replays",
            ReplaysPage(
                rows: rows,
                deployment: "cancer",
                values: ["candidate": "models:/cancer/8"],
                next: "/replays?x=1"
            )
        ), ("replay", page),
    ]

    static let empty: [(name: String, page: any ConsolePage)] = [
        ("replays-empty", ReplaysPage(rows: [], deployments: ["cancer"])),
        ("replay-empty", ReplayPage(row: rows[0], sentence: "Version 7 is being asked.")),
    ]
}
