import Artifacts
import Core
import Datasets
import Ledger
import Loop
import Monitoring
import Pipelines
import Registry
import Serving
import TestSupport
import Tracking

/// Fills the stores the way clients do: everything once, with names that try to be HTML where names are free.
struct ConsoleStory {
    let experimentID: String
    let runID: String
    let childID: String
    let pipelineRunID: String
    let loopID: String

    init(_ house: ConsoleFixture) async throws {
        experimentID = try await house.tracking.createExperiment(name: "tuning \(ConsoleFixture.evil)")
        (runID, childID) = try await Self.track(house, experimentID)
        try await Self.register(house, runID)
        let rows = try Table(columns: [
            Column(name: "x", values: .numbers([1, 2, 3])), Column(name: "label", values: .strings(["a", "b", nil])),
        ])
        _ = try await house.datasets.replaceRows("flowers", table: rows)
        pipelineRunID = try await Self.pipeline(house)
        try await Self.deploy(house)
        let watched: JSONObject = ["deployment": "cancer"]
        try await house.monitors.apply(MonitorSpec(name: "cancer-drift", JSONFields(watched, path: "monitors")))
        let trigger: JSONValue = [
            "when": ["monitor": "cancer-drift"], "pipeline": "training", "gate": ["metric": "accuracy"],
            "model": "cancer", "alias": "production",
        ]
        try await house.loops.apply([TriggerSpec(name: "cancer-retrain", definition: trigger)])
        let signal = LoopSignal(kind: .hand, message: "Fired \(ConsoleFixture.evil)", evidence: ["by": "test"])
        loopID = try await house.loops.fire(trigger: "cancer-retrain", signal: signal).id
    }

    private static func track(_ house: ConsoleFixture, _ experiment: String) async throws -> (String, String) {
        let run = try await house.tracking.createRun(experimentID: experiment, name: "trial \(ConsoleFixture.evil)")
        let id = run.info.id
        for step in 0..<5 {
            let loss = Metric(key: "loss", value: 1 / Double(step + 1), timestamp: house.clock.now, step: Int64(step))
            try await house.tracking.logBatch(runID: id, metrics: [loss])
        }
        try await house.tracking.logBatch(
            runID: id,
            metrics: [Metric(key: "accuracy", value: 0.97, timestamp: house.clock.now)],
            params: [Param(key: "note", value: ConsoleFixture.evil)],
            tags: [Tag(key: "team", value: ConsoleFixture.evil)]
        )
        let root = try await house.tracking.artifactRoot(runID: id)
        let picture = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
        try await house.tracking.artifacts.write(root.appending("shap.svg"), bytes: Array(picture.utf8))
        try await house.tracking.artifacts.write(root.appending("page.html"), bytes: Array("<b>".utf8))
        let card =
            #"{"format":1,"flavor":"xgboost","signature":{"inputs":[{"name":"x","type":"double"}],"outputs":[]},"metrics":{"auroc":0.99}}"#
        try await house.tracking.artifacts.write(root.appending("model/martlet.json"), bytes: Array(card.utf8))
        let child = try await house.tracking.createRun(experimentID: experiment, name: "child", parentID: id)
        return (id, child.info.id)
    }

    private static func register(_ house: ConsoleFixture, _ run: String) async throws {
        try await house.registry.createModel(name: "cancer")
        try await house.registry.createVersion(model: "cancer", source: "runs:/\(run)/model", runID: run)
        try await house.registry.setAlias(model: "cancer", alias: "production", version: 1)
    }

    private static func pipeline(_ house: ConsoleFixture) async throws -> String {
        let spec = try PipelineSpec.parse(
            name: "training",
            [
                "parameters": ["n": 1],
                "tasks": ["a": ["step": "test.echo"], "b": ["run": ["echo", "b"], "needs": ["a"]]],
            ],
            steps: house.pipelines.steps
        )
        try await house.pipelines.apply([spec], directory: house.directory)
        return try await house.pipelines.startRun(pipeline: "training")
    }

    private static func deploy(_ house: ConsoleFixture) async throws {
        let section: JSONValue = ["cancer": ["model": "cancer", "alias": "production"]]
        try await house.deployments.apply(DeploymentSpec.parse(section: section))
        let plane = DataPlane(deployments: house.table, ledger: house.ledger, observer: nil, clock: house.clock.clock)
        let live = try house.table.find("cancer")
        for index in 0..<20 {
            let request = InferenceRequest(
                id: "request-\(index)",
                deployment: live,
                rows: [Float(index - 10)],
                count: 1,
                via: .predict
            )
            _ = try await plane.infer(request)
            house.clock.advance(by: .milliseconds(500))
        }
        try await house.ledger.flush()
        _ = try await house.ledger.feedback("request-3", label: "malignant")
    }
}
