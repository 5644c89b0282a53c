import Console
import Core

/// A training pipeline with a run under way.
enum SamplePipelines {
    static let rows: [PipelinesPage.Row] = [
        .init(
            name: "cancer-training",
            tasks: 8,
            last: SampleOverview.runs[1],
            recent: [.good, .good, .bad, .good, .good, .good, .warn, .good]
        ),
        .init(name: "cancer-retraining", tasks: 7, last: SampleOverview.runs[0], recent: [.good, .live]),
        .init(name: "churn-nightly", tasks: 5),
    ]

    static let tasks: [PipelineRunPage.Task] = [
        task("ingest", [], "data.ingest", .good, (0, 0.12), "1.9 s"),
        task("check", ["ingest"], "data.check", .good, (0.12, 0.16), "0.6 s"),
        task("split", ["check"], "learning.split", .good, (0.16, 0.2), "0.4 s"),
        task("tune-accuracy", ["split"], "learning.tune", .live, (0.2, 1), "11 s", 0.62, "trial 13 of 20, best 0.9719"),
        task("tune-auroc", ["split"], "learning.tune", .live, (0.2, 1), "11 s", 0.4, "trial 8 of 20, best 0.9962"),
        task("evaluate", ["tune-accuracy", "tune-auroc"], "learning.evaluate", .idle, nil, ""),
        task("register", ["evaluate"], "registry.register", .idle, nil, ""),
        task("report", ["evaluate", "check"], "python3 report.py", .idle, nil, ""),
    ]

    static func task(
        _ name: String,
        _ needs: [String],
        _ step: String,
        _ tone: Tone,
        _ span: (start: Double, end: Double)?,
        _ took: String,
        _ progress: Double? = nil,
        _ message: String = ""
    ) -> PipelineRunPage.Task {
        let state = tone == .good ? "succeeded" : (tone == .live ? "running" : "waiting")
        return .init(
            name: name,
            needs: needs,
            step: step,
            tone: tone,
            state: state,
            attempts: span == nil ? 0 : 1,
            took: took,
            span: span,
            progress: progress,
            message: message
        )
    }

    static let page = PipelinePage(
        name: "cancer-training",
        lede: [.text("8 tasks"), .text("last run succeeded in 48 s")],
        graph: tasks.map { .init(name: $0.name, needs: $0.needs, note: $0.step, tone: .idle) },
        parameters: [("trials", .text("20")), ("seed", .text("7"))],
        runs: SampleOverview.runs,
        actions: [ActionButton("Run", path: "/pipelines/cancer-training/runs", style: .primary)]
    )

    static let log: [PipelineRunPage.Line] = (0..<18).map { (line: Int) -> PipelineRunPage.Line in
        let text = "trial \(line): max_depth=\(line % 6) eta=0.1 accuracy=0.96\(line)"
        return PipelineRunPage.Line(task: "tune-accuracy", text: text, isError: line == 9)
    }

    static let run = PipelineRunPage(
        row: SampleOverview.runs[0],
        lede: [.joined([.text("started"), .time(SampleTime.ago(14))]), .text("running for 14 s"), .text("by hand")],
        tasks: tasks,
        selected: nil,
        log: log,
        parameters: [("trials", .text("20")), ("seed", .text("7"))],
        actions: [ActionButton("Cancel", path: "/pipeline-runs/1/cancel", style: .danger, question: "Cancel this run?")]
    )

    static var task: PipelineRunPage {
        var page = run
        page.selected = "tune-accuracy"
        return page
    }
}
