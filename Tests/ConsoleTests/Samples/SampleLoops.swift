import Console
import Core

/// A loop in its rollout.
enum SampleLoops {
    static let page = LoopPage(
        row: SampleOverview.loops[0],
        sentence: "Monitor cancer-drift reports drift (MMD p = 0.002)",
        lede: [
            .joined([.text("opened"), .time(SampleTime.ago(67))]), .text("1 min 07 s so far"), .text("model cancer"),
        ],
        stages: [
            .init(
                "Signal",
                tone: .good,
                began: SampleTime.ago(67),
                took: "0 ms",
                evidence: [.joined([.link("cancer-drift", "/drift/cancer-drift"), .text("reports drift")])],
                figures: [("MMD²", .text("0.042")), ("p", .text("0.002")), ("features", .text("7 of 30"))],
                span: (0, 0.01)
            ),
            .init(
                "Retrain",
                tone: .good,
                began: SampleTime.ago(67),
                took: "41 s",
                evidence: [
                    .joined([.text("Pipeline run"), .link("8c1f0a2b", "/pipeline-runs/8c1f0a2b"), .text("succeeded")])
                ],
                span: (0, 0.61)
            ),
            .init(
                "Gate",
                tone: .good,
                began: SampleTime.ago(26),
                took: "0.3 s",
                evidence: [.text("The candidate is better: accuracy 0.9719 against 0.8491, on 142 labelled rows.")]
            ),
            .init(
                "Register",
                tone: .good,
                began: SampleTime.ago(26),
                took: "4.2 s",
                evidence: [.text("Version 3 of cancer")]
            ),
            .init(
                "Roll out",
                tone: .live,
                began: SampleTime.ago(21),
                took: "21 s so far",
                evidence: [.joined([.text("Version 3 takes 10% of"), .link("cancer", "/deployments/cancer")])]
            ),
            .init(
                "Outcome",
                tone: .idle,
                evidence: [.quiet("Promoted when 100% holds, rolled back when evidence says so.")]
            ),
        ],
        phases: [
            .init("retrain", weight: 41, figure: "41 s", color: 1),
            .init("gate", weight: 0.3, figure: "300 ms", color: 4),
            .init("register", weight: 4.2, figure: "4.2 s", color: 3),
            .init("roll out", weight: 21, figure: "21 s", color: 2),
        ],
        actions: [ActionButton("Cancel", path: "/loops/1/cancel", style: .danger, question: "Cancel this loop?")],
        decision: .init(
            question: "Register version 3 of cancer? Accuracy 0.9719 against 0.8491.",
            approve: "/loops/1/approve",
            reject: "/loops/1/reject"
        )
    )

    static let triggers: [LoopsPage.Trigger] = [
        .init(
            name: "cancer-retrain",
            when: .joined([.link("cancer-drift", "/drift/cancer-drift"), .text("reports drift")]),
            pipeline: "cancer-retraining",
            target: "cancer@production",
            gate: "accuracy better by at least 0",
            cooldown: "1 min 00 s",
            waits: "rests 12 s more",
            next: SampleTime.ago(-3_600)
        )
    ]
}
