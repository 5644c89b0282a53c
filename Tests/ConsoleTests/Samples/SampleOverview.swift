import Console
import Core

/// The overview while a loop is under way.
enum SampleOverview {
    static let page = OverviewPage(
        notices: [
            Notice(
                .bad,
                "cancer answers on drifted data: 7 of 30 features moved, and accuracy fell to 84.9%.",
                link: ("See the drift", "/drift/cancer-drift")
            ),
            Notice(
                .warn,
                "Rollout of churn version 12 waits for a person: evidence is inconclusive.",
                link: ("Decide", "/deployments/churn")
            ),
        ],
        deployments: SampleDeployments.rows,
        pipelineRuns: runs,
        loops: loops,
        events: SampleDeployments.events
    )

    static let runs: [PipelineRunRow] = [
        PipelineRunRow(
            id: "8c1f0a2b9d",
            pipeline: "cancer-retraining",
            tone: .live,
            state: "running",
            done: 3,
            total: 7,
            cause: "loop cancer-retrain",
            started: SampleTime.ago(14),
            took: "14 s"
        ),
        PipelineRunRow(
            id: "71f0aa2b9d",
            pipeline: "cancer-training",
            tone: .good,
            state: "succeeded",
            done: 8,
            total: 8,
            cause: "apply",
            started: SampleTime.ago(900),
            took: "48 s"
        ),
        PipelineRunRow(
            id: "61f0aa2b9d",
            pipeline: "churn-nightly",
            tone: .bad,
            state: "failed",
            done: 2,
            total: 5,
            cause: "hand",
            started: SampleTime.ago(8000),
            took: "1 min 12 s"
        ),
    ]

    static let loops: [LoopRow] = [
        LoopRow(
            id: "1",
            trigger: "cancer-retrain",
            tone: .live,
            state: "rolling out",
            message: "Monitor cancer-drift reports drift (MMD p = 0.002)",
            opened: SampleTime.ago(67),
            took: "1 min 07 s"
        ),
        LoopRow(
            id: "0",
            trigger: "churn-retrain",
            tone: .good,
            state: "promoted",
            message: "Opened by hand",
            opened: SampleTime.ago(86_500),
            took: "3 min 41 s"
        ),
    ]
}
