import Argo
import Core
import Pipelines

/// Pipelines that use everything.
enum Samples {
    /// Any step with any parameters, as `martlet render` takes them.
    static let steps = ["data.ingest", "learning.tune", "registry.register"].map { name in
        BuiltinStep(
            name: name,
            summary: "A step.",
            parameters: ["dataset", "trials", "model", "alias", "objective"].map { StepParameter($0, "") }
        ) { _ in [:] }
    }

    static func spec(_ body: JSONValue, name: String = "nightly") throws -> PipelineSpec {
        try PipelineSpec.parse(name: name, body, steps: steps)
    }

    /// One of each kind of task, and each rule that a task may have.
    static let everything: JSONValue = [
        "description": "From raw data to a model.",
        "parameters": [
            "trials": 20, "source": ["type": "string", "description": "Where rows come from."],
            "sizes": [1, 2], "mode": ["type": "string", "default": "full", "choices": ["full", "quick"]],
            "deep": ["type": "boolean", "default": false],
        ],
        "pools": ["gpu": 2], "parallel": 8, "priority": 3,
        "concurrency": ["limit": 1, "overlap": "skip"],
        "on_failure": ["run": ["notify", "${run.id}", "${failure.task}"]],
        "triggers": [
            "night": [
                "cron": ["expression": "30 2 * * *", "timezone": "Europe/Berlin", "catch_up": "all"],
                "parameters": ["trials": 40],
            ],
            "often": ["interval": ["every": "15m", "catch_up": "none"]],
            "asked": ["webhook": ["secret": "hook"]],
        ],
        "tasks": [
            "fetch_rows": [
                "run": ["fetch", "${parameters.source}", "--cost", "$(HOME) $$", "--text", "a: b 'c' \"d\"\nsecond"],
                "env": ["LIMIT": 1000, "DAY": "${run.date}", "NOTHING": ""],
                "secrets": ["TOKEN": "api-key"], "timeout": "90s",
                "retries": ["limit": 3, "backoff": "10s", "factor": 2, "cap": "5m"],
                "resources": ["memory": "512MiB", "cpus": 0.5],
                "outputs": ["rows": ["path": "out/rows.csv"]],
            ],
            "ingest": ["step": "data.ingest", "needs": ["fetch_rows"], "with": ["dataset": "people"]],
            "train": [
                "script": "#!/usr/bin/env python3\nimport os\nprint(os.environ['SIZE'])\n", "needs": ["ingest"],
                "inputs": ["rows": "fetch_rows.rows"],
                "env": ["SIZE": "${item}", "ROWS": "${tasks.ingest.outputs.rows}"],
                "foreach": "${parameters.sizes}", "pool": "gpu",
                "cache": ["age": "7d", "version": "2"],
            ],
            "grid": [
                "container": [
                    "image": "ghcr.io/x/grid:1", "command": ["grid"], "args": ["${matrix.depth}", "${matrix.kind}"],
                ],
                "matrix": ["depth": [1, 2], "kind": ["a", "b"], "exclude": [["depth": 2, "kind": "b"]]],
                "needs": ["ingest"], "on_failure": "continue",
            ],
            "tune": [
                "step": "learning.tune", "needs": ["train", "grid"],
                "with": ["dataset": "people", "trials": "${parameters.trials}", "objective": "auroc"],
                "when":
                    "${tasks.ingest.outputs.rows} > 1000 and (${parameters.mode} in ['full', 'half'] or ${parameters.deep})",
            ],
            "register": [
                "step": "registry.register", "needs": ["tune"], "with": ["model": "people"],
                "on_failure": ["run": ["page", "${failure.task}"]],
            ],
            "report": [
                "run": ["report", "${tasks.train.outputs.accuracy}"], "needs": ["register", "train"],
                "when": "failed(register) or always()",
            ],
        ],
    ]
}
