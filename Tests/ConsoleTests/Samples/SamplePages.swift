import Console
import Core

/// Every page, full and empty, by a name for its file.
enum SamplePages {
    static var all: [(name: String, page: any ConsolePage)] {
        full + empty
    }

    static let full: [(name: String, page: any ConsolePage)] =
        [
            ("overview", SampleOverview.page), ("deployments", DeploymentsPage(deployments: SampleDeployments.rows)),
            ("deployment", SampleDeployments.page), ("monitors", MonitorsPage(rows: SampleMonitors.rows)),
            ("monitor", SampleMonitors.page), ("experiments", ExperimentsPage(rows: SampleExperiments.experiments)),
            ("experiment", SampleExperiments.experiment), ("run", SampleExperiments.run),
            ("models", ModelsPage(rows: SampleModels.rows)), ("model", SampleModels.model),
            ("modelversion", SampleModels.version),
            ("pipelines", PipelinesPage(rows: SamplePipelines.rows, runs: SampleOverview.runs)),
            ("pipeline", SamplePipelines.page), ("pipelinerun", SamplePipelines.run),
            ("pipelinerun-task", SamplePipelines.task),
            ("loops", LoopsPage(rows: SampleOverview.loops, triggers: SampleLoops.triggers)),
            ("loop", SampleLoops.page),
            ("datasets", DatasetsPage(rows: SampleDatasets.rows)), ("dataset", SampleDatasets.page),
            ("error", ErrorPage(MartletError(.notFound, "There is no run 'a1b2'. Its experiment lists the runs."))),
        ] + SampleAccess.full + SampleLedger.full + SampleReplays.full + SampleDeclarations.full + [
            (
                "events",
                EventsPage(
                    entries: SampleDeployments.events,
                    kind: "deployment",
                    kinds: [("", "everything"), ("deployment", "deployments")],
                    subject: "deployments/cancer",
                    stream: "/api/martlet/v1/events?subject=deployments%2Fcancer&after=12",
                    older: "/events?before=3"
                )
            )
        ]

    static let empty: [(name: String, page: any ConsolePage)] =
        [
            ("overview-empty", OverviewPage()), ("deployments-empty", DeploymentsPage(deployments: [])),
            (
                "deployment-empty",
                DeploymentPage(name: "d", tone: .idle, state: "no traffic", charts: [("Nothing", "", chart)])
            ),
            ("monitors-empty", MonitorsPage(rows: [])),
            (
                "monitor-empty",
                MonitorPage(name: "m", deployment: "d", tone: .idle, verdict: "waiting", sentence: "No rows yet.")
            ),
            ("experiments-empty", ExperimentsPage(rows: [])),
            ("experiment-empty", ExperimentPage(id: "1", name: "e", table: SampleExperiments.table([]))),
            (
                "run-empty",
                RunPage(row: RunRow(id: "r", name: "r", tone: .live, status: "running"), experiment: ("1", "e"))
            ),
            ("models-empty", ModelsPage(rows: [])), ("model-empty", ModelPage(name: "m")),
            ("modelversion-empty", ModelVersionPage(model: "m", version: 1)),
            ("pipelines-empty", PipelinesPage(rows: [])),
            ("pipeline-empty", PipelinePage(name: "p", graph: [])),
            ("pipelinerun-empty", PipelineRunPage(row: SampleOverview.runs[0], tasks: [])),
            ("loops-empty", LoopsPage(rows: [])),
            ("loop-empty", LoopPage(row: SampleOverview.loops[0], sentence: "Opened by hand", stages: [])),
            ("datasets-empty", DatasetsPage(rows: [])), ("dataset-empty", DatasetPage(name: "d")),
            ("events-empty", EventsPage(entries: [])),
        ] + SampleAccess.empty + SampleLedger.empty + SampleReplays.empty + SampleDeclarations.empty

    private static let chart = LineChart(label: "nothing", curves: [], axis: .step)
}
