import Core
import Imports
import TestSupport
import Tracking

/// The store as a server's answers.
enum ServerFixture {
    static let prefix = "/api/2.0/mlflow"

    static func source(clock: Clock = ManualClock().clock) -> RESTSource {
        RESTSource(
            client: RESTClient(address: "http://test", clock: clock) { question in
                let path = question.path.prefix { $0 != "?" }
                if question.path.hasPrefix("/get-artifact?path=") || question.path.contains("/artifacts/files?") {
                    let name =
                        question.path.contains("hello")
                        ? "hello" : question.path.contains("weights") ? "0101" : "flavors: {}\n"
                    return RESTClient.Answer(status: 200, bytes: Array(name.utf8))
                }
                guard let answer = answer("\(question.method) \(path)", question) else {
                    let body: JSONValue = [
                        "error_code": "RESOURCE_DOES_NOT_EXIST", "message": "There is no such thing.",
                    ]
                    return RESTClient.Answer(status: 404, bytes: body.serialized())
                }
                return RESTClient.Answer(status: 200, bytes: answer.serialized())
            }
        )
    }

    private static func answer(_ call: String, _ question: RESTClient.Question) -> JSONValue? {
        let experiment = question.body?["experiment_ids"]?.arrayValue?.first?.stringValue ?? ""
        switch call {
        case "POST \(prefix)/experiments/search": return experiments(question.body?["page_token"]?.stringValue)
        case "GET /version": return "3.17.2"
        case "POST \(prefix)/runs/search":
            return ["runs": .array(runs.filter { $0["info"]?["experiment_id"]?.stringValue == experiment })]
        case "GET \(prefix)/runs/get":
            let run = runs.first { question.path.contains($0["info"]?["run_id"]?.stringValue ?? "-") }
            return run.map { ["run": $0] }
        case "GET \(prefix)/metrics/get-history": return history(question.path)
        case "POST \(prefix)/logged-models/search": return experiment == "7" ? ["models": [loggedModel]] : [:]
        case "GET \(prefix)/artifacts/list": return artifacts(question.path)
        case "GET \(prefix)/logged-models/\(SourceFixture.model)/artifacts/directories":
            return ["files": [["path": "MLmodel", "is_dir": false, "file_size": 12]]]
        default: return registry(call, question.path)
        }
    }

    /// Two pages, the second asked for by a token.
    private static func experiments(_ token: String?) -> JSONValue {
        func experiment(_ id: String, _ name: String, _ stage: String, _ tags: [JSONValue] = []) -> JSONValue {
            [
                "experiment_id": .string(id), "name": .string(name), "lifecycle_stage": .string(stage),
                "creation_time": 5, "last_update_time": "6", "artifact_location": "x", "tags": .array(tags),
            ]
        }
        guard token == nil else { return ["experiments": [experiment("0", "Default", "active")]] }
        return [
            "experiments": [
                experiment("9", "gone", "deleted"),
                experiment("7", "first", "active", [["key": "team", "value": "red"]]),
            ],
            "next_page_token": "more",
        ]
    }

    private static let runs: [JSONValue] = {
        let fixture = SourceFixture.self
        func run(_ id: String, _ name: String, _ status: String, _ stage: String, _ experiment: String) -> JSONObject {
            var info: JSONObject = [
                "run_id": .string(id), "run_name": .string(name), "status": .string(status), "user_id": "ann",
                "start_time": .integer(fixture.start), "lifecycle_stage": .string(stage),
                "experiment_id": .string(experiment), "artifact_uri": "mlflow-artifacts:/x",
            ]
            if status != "RUNNING" { info["end_time"] = .integer(fixture.start + 9) }
            return ["info": .object(info), "data": [:], "inputs": [:], "outputs": [:]]
        }
        var whole = run(fixture.run, "whole", "FINISHED", "active", "7")
        whole["data"] = [
            "metrics": [
                ["key": "loss", "value": 0.25, "timestamp": .integer(fixture.start + 2), "step": 2],
                ["key": "odd/value of it", "value": 1.5, "timestamp": .integer(fixture.start + 1), "step": 1],
            ],
            "params": .array(fixture.params.map { ["key": .string($0.key), "value": .string($0.value)] }),
            "tags": .array(fixture.tags.map { ["key": .string($0.key), "value": .string($0.value)] }),
        ]
        whole["inputs"] = [
            "dataset_inputs": [
                [
                    "dataset": [
                        "name": "d1", "digest": "abc", "source_type": "local", "source": "{\"uri\": \"x\"}",
                        "schema": "{}",
                    ],
                    "tags": [["key": "mlflow.data.context", "value": "training"]],
                ]
            ]
        ]
        whole["outputs"] = ["model_outputs": [["model_id": .string(fixture.model), "step": 2]]]
        return [
            .object(whole), .object(run(fixture.deletedRun, "thrown away", "FAILED", "deleted", "7")),
            .object(run(fixture.goneRun, "left", "RUNNING", "deleted", "9")),
        ]
    }()

    /// A history in pages of two points.
    private static func history(_ path: String) -> JSONValue {
        let key = path.contains("metric_key=loss") ? "loss" : "odd/value of it"
        let points = SourceFixture.points.filter { $0.key == key }.map { point -> JSONValue in
            [
                "key": .string(key), "value": point.value.isNaN ? "NaN" : .number(point.value),
                "timestamp": .integer(SourceFixture.start + point.step), "step": .integer(point.step),
            ]
        }
        guard points.count > 2 else { return ["metrics": .array(points)] }
        return path.contains("page_token")
            ? ["metrics": .array(Array(points.dropFirst(2)))]
            : ["metrics": .array(Array(points.prefix(2))), "next_page_token": "2"]
    }

    private static let loggedModel: JSONValue = [
        "info": [
            "model_id": .string(SourceFixture.model), "name": "net", "status": "LOGGED_MODEL_READY",
            "creation_timestamp_ms": .integer(SourceFixture.start),
            "last_updated_timestamp_ms": .integer(SourceFixture.start), "artifact_uri": "mlflow-artifacts:/y",
            "model_type": "", "source_run_id": .string(SourceFixture.run), "tags": [["key": "k", "value": "v"]],
        ],
        "data": [
            "params": [["key": "a", "value": "1"]],
            "metrics": [
                [
                    "key": "judged", "value": 0.5, "timestamp": .integer(SourceFixture.start), "step": 3,
                    "run_id": .string(SourceFixture.run), "dataset_name": "d1", "dataset_digest": "abc",
                ]
            ],
        ],
    ]

    private static func artifacts(_ path: String) -> JSONValue {
        guard path.contains(SourceFixture.run) else { return [:] }
        if path.contains("path=notes") {
            return ["files": [["path": "notes/hello.txt", "is_dir": false, "file_size": 5]]]
        }
        return [
            "files": [["path": "notes", "is_dir": true], ["path": "weights.bin", "is_dir": false, "file_size": "4"]]
        ]
    }

    private static func registry(_ call: String, _ path: String) -> JSONValue? {
        let isPrompt = path.contains("greeting") || path.contains("is_prompt")
        switch call {
        case "GET \(prefix)/registered-models/search":
            return ["registered_models": [["name": isPrompt ? "greeting" : "reg"]]]
        case "GET \(prefix)/registered-models/get":
            var model: JSONObject = [
                "name": isPrompt ? "greeting" : "reg", "creation_timestamp": 10, "last_updated_timestamp": 11,
            ]
            model["tags"] =
                isPrompt
                ? [["key": "mlflow.prompt.is_prompt", "value": "true"]] : [["key": "k", "value": "v"]]
            if !isPrompt {
                model["description"] = "words"
                model["aliases"] = [["alias": "prod", "version": "3"]]
            }
            return ["registered_model": .object(model)]
        case "GET \(prefix)/model-versions/search":
            return ["model_versions": .array(isPrompt ? promptVersions : versions)]
        case "GET \(prefix)/model-versions/get-download-uri":
            let isFirst = path.contains("version=1")
            let uri =
                isFirst
                ? "mlflow-artifacts:/7/models/\(SourceFixture.model)/artifacts" : "runs:/\(SourceFixture.run)/notes"
            return ["artifact_uri": .string(uri)]
        default: return nil
        }
    }

    private static let promptVersions: [JSONValue] = [
        [
            "name": "greeting", "version": "1", "creation_timestamp": 21, "last_updated_timestamp": 30,
            "source": "dummy-source", "current_stage": "None",
            "tags": [
                ["key": "mlflow.prompt.text", "value": "Hello"], ["key": "mlflow.prompt.is_prompt", "value": "true"],
            ],
        ]
    ]

    private static let versions: [JSONValue] = [
        [
            "name": "reg", "version": "3", "creation_timestamp": 23, "last_updated_timestamp": 30,
            "source": .string("runs:/\(SourceFixture.run)/notes"), "current_stage": "Staging",
            "run_id": .string(SourceFixture.run), "tags": [["key": "vk", "value": "vv"]],
        ],
        [
            "name": "reg", "version": "1", "creation_timestamp": 21, "last_updated_timestamp": 30,
            "source": .string("models:/\(SourceFixture.model)"), "current_stage": "None",
            "run_id": .string(SourceFixture.run),
        ],
    ]
}
