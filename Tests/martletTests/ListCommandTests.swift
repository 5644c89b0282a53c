import Core
import Testing
import martlet

/// Lists and single things, from the server's answer to the table.
struct ListCommandTests {
    static let api = "/api/martlet/v1"
    static let mlflow = "/api/2.0/mlflow"
    static let start: JSONValue = 1_767_225_600_000

    @Test func experimentsAndRuns() async throws {
        let experiment: JSONValue = [
            "experiment_id": "1", "name": "cancer", "lifecycle_stage": "active", "last_update_time": Self.start,
            "artifact_location": "mlflow-artifacts:/1", "tags": [["key": "team", "value": "onc"]],
        ]
        let run: JSONValue = [
            "info": [
                "run_id": "r1", "run_name": "trial 1", "experiment_id": "1", "status": "FINISHED",
                "start_time": "1767225600000", "end_time": 1_767_225_602_500, "artifact_uri": "mlflow-artifacts:/1/r1",
            ],
            "data": [
                "metrics": [["key": "accuracy", "value": 0.95614]], "params": [["key": "depth", "value": "3"]],
                "tags": [],
            ],
        ]
        let answers: [String: JSONValue] = [
            "POST \(Self.mlflow)/experiments/search": ["experiments": [experiment]],
            "GET \(Self.mlflow)/experiments/get-by-name?experiment_name=cancer": ["experiment": experiment],
            "POST \(Self.mlflow)/runs/search": ["runs": [run]],
            "GET \(Self.mlflow)/runs/get?run_id=r1": ["run": run],
        ]
        let server = CannedServer(answers)
        #expect(await server.run("experiment", "list") == 0)
        #expect(await server.run("experiment", "show", "cancer") == 0)
        #expect(await server.run("run", "list", "--experiment", "cancer", "--filter", "metrics.accuracy > 0.9") == 0)
        #expect(await server.run("run", "list") == 0)
        #expect(await server.run("run", "show", "r1") == 0)
        try expectGolden(server.output, "experiments.txt")
        #expect(server.bodies.contains { $0["filter"] == "metrics.accuracy > 0.9" })
        #expect(server.bodies.allSatisfy { $0["experiment_ids"] == nil || $0["experiment_ids"] == ["1"] })
    }

    @Test func anExperimentByItsNumber() async {
        let server = CannedServer([
            "GET \(Self.mlflow)/experiments/get?experiment_id=7": ["experiment": ["experiment_id": "7", "name": "x"]],
            "POST \(Self.mlflow)/runs/search": ["runs": []],
        ])
        #expect(await server.run("experiment", "show", "7") == 0)
        #expect(server.output.contains("There are no runs."))
        #expect(await server.run("experiment", "show", "nobody") == 1)
    }

    @Test func models() async throws {
        let server = CannedServer([
            "GET \(Self.mlflow)/registered-models/search?max_results=50": [
                "registered_models": [
                    [
                        "name": "cancer", "latest_versions": [["version": "1"], ["version": "2"]],
                        "aliases": [["alias": "production", "version": "2"]], "last_updated_timestamp": Self.start,
                    ]
                ]
            ],
            "GET \(Self.mlflow)/registered-models/get?name=cancer": [
                "registered_model": ["name": "cancer", "aliases": [["alias": "production", "version": "2"]]]
            ],
            "GET \(Self.mlflow)/model-versions/search?filter=name%3D%27cancer%27&max_results=50": [
                "model_versions": [
                    ["version": "1", "status": "READY", "creation_timestamp": Self.start, "run_id": "r1"],
                    ["version": "10", "status": "READY", "aliases": ["production"], "description": "Better."],
                ]
            ],
        ])
        #expect(await server.run("model", "list") == 0)
        #expect(await server.run("model", "show", "cancer") == 0)
        try expectGolden(server.output, "models.txt")
    }

    @Test func deployments() async throws {
        let deployment: JSONValue = [
            "name": "cancer", "spec": ["model": "cancer", "alias": "production"], "ready": true, "stable_version": 1,
            "candidate_version": 2, "candidate_percent": 10,
            "versions": [
                [
                    "version": 1, "role": "stable", "percent": 90, "requests": 1200, "errors": 0,
                    "latency_us": ["p50": 85.0, "p99": 1250.0],
                ],
                ["version": 2, "role": "candidate", "percent": 10, "requests": 0, "errors": 0, "latency_us": [:]],
            ],
            "rejected": [["version": 3, "reason": "accuracy fell"]],
            "rollout": [
                "state": "progressing", "started_at": Self.start,
                "checks": [["check": "quality", "outcome": "waiting", "detail": "12 of 40 samples"]],
            ],
            "quality": [
                ["start_time": Self.start, "version": 1, "predictions": 100, "labelled": 60, "accuracy": 0.95]
            ],
            "events": [["at": Self.start, "note": "The rollout of version 2 began."]],
        ]
        let server = CannedServer([
            "GET \(Self.api)/deployments?limit=50": ["items": [deployment, ["name": "new", "ready": false]]],
            "GET \(Self.api)/deployments/cancer": deployment,
        ])
        #expect(await server.run("deployment", "list") == 0)
        #expect(await server.run("deployment", "show", "cancer") == 0)
        try expectGolden(server.output, "deployments.txt")
    }

    @Test func dataAndMonitors() async throws {
        let dataset: JSONValue = [
            "name": "breast-cancer", "file": "breast_cancer.csv", "raw_rows": 569, "clean_rows": 569, "columns": 31,
            "version": "0123456789abcdef0123456789abcdef", "checks_passed": true, "updated_at": Self.start,
        ]
        var detail = try #require(dataset.objectValue)
        detail["target"] = ["column": "target", "classes": ["malignant", "benign"]]
        detail["splits"] = [["name": "test", "rows": 285], ["name": "train", "rows": 199]]
        detail["checks"] = [
            ["check": "nulls", "column": .null, "passed": true, "expected": "at most 0", "observed": 0.0],
            ["check": "range", "column": "mean radius", "passed": false, "expected": "0 to 10", "observed": 28.11],
        ]
        detail["columns"] = [
            ["name": "mean radius", "type": "number", "nulls": 0, "min": 6.981, "mean": 14.127, "max": 28.11]
        ]
        let monitor: JSONValue = [
            "name": "cancer-drift", "deployment": "cancer", "state": "drift", "since_at": Self.start, "p_value": 0.0099,
            "severity": "critical", "detector": "mmd", "reason": .null,
            "rows": 100, "drifted_features": ["mean radius", "mean area"], "score": 0.12, "reference_version": "1",
            "reference_rows": 199, "evaluated_at": Self.start,
            "events": [
                [
                    "event_at": Self.start, "from": "ok", "to": "drift", "p_value": 0.0099,
                    "drifted_features": ["mean radius"],
                ]
            ],
        ]
        let server = CannedServer([
            "GET \(Self.api)/data?limit=50": ["items": [dataset]],
            "GET \(Self.api)/data/breast-cancer": .object(detail),
            "GET \(Self.api)/monitors?limit=50": ["items": [monitor]],
            "GET \(Self.api)/monitors/cancer-drift": monitor,
        ])
        #expect(await server.run("data", "list") == 0)
        #expect(await server.run("data", "show", "breast-cancer") == 0)
        #expect(await server.run("monitor", "list") == 0)
        #expect(await server.run("monitor", "show", "cancer-drift") == 0)
        try expectGolden(server.output, "data.txt")
    }

    @Test func loops() async throws {
        let loop: JSONValue = [
            "id": "0123", "trigger": "cancer-retrain", "model": "cancer", "alias": "production",
            "state": "rolling_out", "signal": ["kind": "drift", "message": "MMD p = 0.0099"], "opened_at": Self.start,
            "finished_at": .null, "version": 2, "pipeline_run": "r9",
            "champion_version": 1,
            "gate": [
                "metrics": [
                    ["metric": "accuracy", "candidate": 0.96, "champion": 0.91, "passed": true, "reason": "Better."]
                ],
                "size": ["candidate_bytes": 1200, "passed": true, "reason": "The files fit."],
            ],
            "approvals": [["stage": "rollout", "by": "ada", "at": Self.start]],
            "events": [
                [
                    "at": Self.start, "state": "signalled", "message": "MMD p = 0.0099",
                    "evidence": ["p_value": 0.0099, "features": []],
                ],
                [
                    "at": 1_767_225_600_012, "state": "rolling_out", "message": "Registered as version 2.",
                    "links": ["version": 2],
                ],
            ],
        ]
        let server = CannedServer([
            "GET \(Self.api)/loops?limit=50": ["items": [loop]],
            "GET \(Self.api)/loops/0123": loop,
            "GET \(Self.api)/triggers": [
                "items": [["name": "cancer-retrain", "waiting": "drift", "refusal": "Only 3 newly labelled rows."]]
            ],
        ])
        #expect(await server.run("loop", "list") == 0)
        #expect(await server.run("loop", "show", "0123") == 0)
        try expectGolden(server.output, "loops.txt")
        #expect(server.errors == "Trigger cancer-retrain waits (drift). Only 3 newly labelled rows.\n")
    }

    @Test func pagesAreReadUpToTheLimit() async {
        let item: JSONValue = ["name": "p"]
        let path = "GET \(Self.api)/pipeline-runs?limit="
        let server = CannedServer([
            "\(path)\(CommandLimits.pageRows)": [
                "items": .array(Array(repeating: item, count: CommandLimits.pageRows)), "next_page_token": "a",
            ],
            "\(path)50&page_token=a": ["items": .array(Array(repeating: item, count: 50)), "next_page_token": "b"],
        ])
        #expect(await server.run("pipeline", "runs", "--limit", "\(CommandLimits.pageRows + 50)", "--json") == 0)
        #expect(
            server.output.split(separator: "\"p\"", omittingEmptySubsequences: false).count - 1 == CommandLimits
                .pageRows + 50
        )
        #expect(server.errors.contains("--limit"))
    }

    @Test func aServerThatRepeatsItsTokenDoesNotHoldUs() async {
        let answer: JSONValue = ["items": [["name": "p"]], "next_page_token": "same"]
        let server = CannedServer([
            "GET \(Self.api)/pipelines?limit=50": answer,
            "GET \(Self.api)/pipelines?limit=49&page_token=same": answer,
        ])
        #expect(await server.run("pipeline", "list") == 0)
        #expect(server.requests.count == 2)
    }

    @Test(arguments: ["0", "-1", "1001", "x"])
    func limitsOutOfRange(_ limit: String) async {
        let server = CannedServer([:] as [String: JSONValue])
        #expect(await server.run("loop", "list", "--limit=\(limit)") == 64)
        #expect(server.requests.isEmpty && server.errors.contains("limit"))
        #expect(CommandLimits.maximumRows == 1000 && CommandLimits.defaultRows <= CommandLimits.maximumRows)
    }

    @Test func jsonIsTheServersAnswer() async throws {
        let answer: JSONValue = ["id": "x", "state": "failed", "unknown": [1, 2.5, .null]]
        let server = CannedServer(["GET \(Self.api)/loops/x": answer])
        #expect(await server.run("loop", "show", "x", "--json") == 0)
        #expect(try JSONValue.parse(server.output) == answer)
    }
}
