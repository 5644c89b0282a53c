package import Core

/// The JSON Schema (draft 2020-12) of pipelines, for editors; the parser is held to it by a test.
package enum PipelineSchema {
    /// Where the schema of a whole manifest is published.
    package static let identifier = "https://martlet.dev/schema/martlet.json"

    /// The schema of a file of pipelines: names and what they do.
    package static let document: JSONValue = {
        var object: JSONObject = [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Martlet pipelines",
            "type": "object",
            "properties": ["pipelines": section],
            "required": ["pipelines"],
            "additionalProperties": false,
        ]
        object["$defs"] = definitions
        return .object(object)
    }()

    /// The schema of a `martlet.yaml`: its sections, of which that of pipelines is described in full.
    package static let manifest: JSONValue = {
        let objects = { (words: String) -> JSONValue in
            ["description": .string(words), "type": "object"]
        }
        var object: JSONObject = [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": .string(identifier),
            "title": "Martlet manifest",
            "type": "object",
            "properties": [
                "version": ["const": 1],
                "server": objects("Settings of the server."),
                "data": objects("Datasets by name: docs/data.md."),
                "pipelines": section,
                "deployments": objects("Deployments by name: docs/deployments.md."),
                "monitors": objects("Monitors by name: docs/monitors.md."),
                "triggers": objects("Triggers of loops by name: docs/loop.md."),
            ],
            "required": ["version"],
            "additionalProperties": false,
        ]
        object["$defs"] = definitions
        return .object(object)
    }()

    /// The section `pipelines:`.
    package static let section: JSONValue = [
        "description": "Pipelines by name, and files with more of them.",
        "type": "object",
        "properties": [
            "include": [
                "description": "Further files below the manifest's directory, each with its own section `pipelines`.",
                "type": "array", "items": ["type": "string"], "maxItems": .int(PipelinesLimits.includes),
            ]
        ],
        "patternProperties": .object([name: ["$ref": "#/$defs/pipeline"]]),
        "additionalProperties": false,
    ]

    private static let name = "^[A-Za-z0-9_-]{1,64}$"

    /// What the section refers to, for a schema that holds it.
    package static let definitions: JSONValue = [
        "name": ["type": "string", "pattern": .string(name)],
        "duration": [
            "description": "250ms, 4s, 2m, 1h, 1d, or a number of seconds.",
            "anyOf": [
                ["type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$"], ["type": "number", "minimum": 0],
            ],
        ],
        "pipeline": pipeline,
        "parameter": parameter,
        "task": task,
        "handler": handler,
    ]

    private static func closed(_ properties: JSONObject, required: [String] = []) -> JSONValue {
        var object: JSONObject = [
            "type": "object", "properties": .object(properties), "additionalProperties": false,
        ]
        if !required.isEmpty { object["required"] = .array(required.map(JSONValue.string)) }
        return .object(object)
    }

    private static func number(_ least: Int64, _ most: Int64, _ words: String) -> JSONValue {
        ["description": .string(words), "type": "integer", "minimum": .integer(least), "maximum": .integer(most)]
    }

    private static func text(_ words: String) -> JSONValue {
        ["description": .string(words), "type": "string"]
    }

    private static func duration(_ words: String) -> JSONValue {
        ["description": .string(words), "$ref": "#/$defs/duration"]
    }

    private static func either(_ words: String, _ forms: JSONValue...) -> JSONValue {
        ["description": .string(words), "anyOf": .array(forms)]
    }

    private static func named(_ words: String, _ values: JSONValue) -> JSONValue {
        [
            "description": .string(words), "type": "object", "patternProperties": .object([name: values]),
            "additionalProperties": false,
        ]
    }

    private static let pipeline: JSONValue = closed(
        [
            "description": text("One line for people."),
            "parameters": named("Parameters: a default, or {type, …}.", ["$ref": "#/$defs/parameter"]),
            "tasks": named("The tasks by name.", ["$ref": "#/$defs/task"]),
            "on_failure": ["description": "Runs when a task has failed for good.", "$ref": "#/$defs/handler"],
            "concurrency": either(
                "Most runs at the same time.",
                number(1, Int64(PipelinesLimits.concurrentRuns), "Most runs; one more waits."),
                closed([
                    "limit": number(1, Int64(PipelinesLimits.concurrentRuns), "Most runs."),
                    "overlap": ["enum": ["queue", "skip", "cancel_running"], "default": "queue"],
                ])
            ),
            "pools": named(
                "Places in pools, which pipelines share by name.",
                number(1, Int64(PipelinesLimits.poolSlots), "How many.")
            ),
            "parallel": number(1, Int64(PipelinesLimits.mostParallelTasks), "Most tasks of a run at the same time."),
            "priority": number(
                PipelinesLimits.priorities.lowerBound,
                PipelinesLimits.priorities.upperBound,
                "Runs of a higher one start first."
            ),
            "executor": ["description": "Who runs it.", "enum": ["local", "kubernetes"], "default": "local"],
            "triggers": ["description": "What starts it by itself, by name.", "type": "object"],
        ],
        required: ["tasks"]
    )

    private static let parameter: JSONValue = either(
        "A default, which gives the type; null: a run must give a value; or a declaration.",
        ["type": ["string", "number", "boolean", "null", "array"]],
        closed(
            [
                "type": ["enum": ["string", "integer", "number", "boolean", "list", "object"]],
                "default": ["description": "Without one a run must give a value."],
                "choices": ["description": "The only values accepted.", "type": "array", "minItems": 1],
                "min": ["description": "Least number, or length in bytes or elements.", "type": "number"],
                "max": ["description": "Greatest number, or length in bytes or elements.", "type": "number"],
                "description": text("One line for people."),
            ],
            required: ["type"]
        ),
        ["type": "object"]
    )

    private static let common: JSONObject = [
        "step": text("A built-in step, such as data.ingest."),
        "with": ["description": "The step's values.", "type": "object"],
        "run": either(
            "A program and its arguments; no shell reads them, unless `shell: true` and a text.",
            [
                "type": "array", "items": ["type": "string"], "minItems": 1,
                "maxItems": .int(PipelinesLimits.commandWords),
            ],
            ["type": "string"]
        ),
        "shell": ["description": "`run` is shell text.", "type": "boolean", "default": false],
        "script": text("Shell text, or for the interpreter that a first line #!… names."),
        "container": closed(
            [
                "image": text("Such as python:3.13-slim."), "command": ["type": "array", "items": ["type": "string"]],
                "args": ["type": "array", "items": ["type": "string"]],
            ],
            required: ["image"]
        ),
        "retries": either(
            "Further attempts after a failure.",
            number(0, PipelinesLimits.retries, "How many."),
            closed(
                [
                    "limit": number(0, PipelinesLimits.retries, "How many."),
                    "backoff": duration("The first pause."),
                    "factor": [
                        "description": "By what each pause is longer.", "type": "number", "minimum": 1, "maximum": 10,
                    ],
                    "cap": duration("The longest pause."),
                    "jitter": ["description": "Chance in a pause.", "type": "number", "minimum": 0, "maximum": 1],
                ],
                required: ["limit"]
            )
        ),
        "backoff": duration("The pause before the first retry; it doubles with each."),
        "timeout": duration("For one attempt."),
        "env": [
            "description": "Environment variables.", "type": "object",
            "patternProperties": .object([
                "^(?!MARTLET_)[A-Za-z_][A-Za-z0-9_]*$": ["type": ["string", "number", "boolean"]]
            ]),
            "additionalProperties": false,
        ],
        "secrets": either(
            "Secrets in the environment: names, or names by variable.",
            ["type": "array", "items": ["type": "string"], "maxItems": .int(PipelinesLimits.secrets)],
            ["type": "object", "additionalProperties": ["type": "string"]]
        ),
        "resources": closed([
            "memory": either("Such as 2GiB.", ["type": "string"], ["type": "integer"]),
            "disk": either("Such as 10GiB.", ["type": "string"], ["type": "integer"]),
            "cpus": ["type": "number", "minimum": 0.01, "maximum": .number(PipelinesLimits.mostProcessors)],
            "cpu_time": ["$ref": "#/$defs/duration"], "open_files": number(16, 1_048_576, "Most open files."),
            "processes": number(1, 1_000_000, "Most processes."), "network": ["enum": ["on", "off", true, false]],
        ]),
    ]

    private static let kinds: JSONValue = [
        ["required": ["step"]], ["required": ["run"]], ["required": ["script"]], ["required": ["container"]],
    ]

    private static let handler: JSONValue = {
        var object = closed(common).objectValue ?? [:]
        object["oneOf"] = kinds
        return .object(object)
    }()

    private static let values: JSONValue = either(
        "Values, or one reference to a list.",
        ["type": "array", "maxItems": .int(PipelinesLimits.fanOut)],
        ["type": "string", "pattern": "^\\$\\{[^}]+\\}$"]
    )

    private static let task: JSONValue = {
        var properties = common
        let own: JSONObject = [
            "needs": [
                "description": "Tasks that must succeed before.", "type": "array", "items": ["$ref": "#/$defs/name"],
                "uniqueItems": true,
            ],
            "matrix": [
                "description": "Runs for every combination of the axes: ${matrix.<axis>}.", "type": "object",
                "properties": ["exclude": ["type": "array", "items": ["type": "object"]]],
                "patternProperties": .object([name: values]), "additionalProperties": false,
            ],
            "foreach": values,
            "fan_out": closed([
                "limit": number(1, Int64(PipelinesLimits.fanOut), "Most values."),
                "parallel": number(1, Int64(PipelinesLimits.mostParallelTasks), "Most at the same time."),
            ]),
            "when": text("Runs only if this holds, such as ${tasks.check.outputs.rows} > 1000 or failed(train)."),
            "on_failure": either(
                "What comes of a failure.",
                ["enum": ["fail", "continue"]],
                ["$ref": "#/$defs/handler"]
            ),
            "cache": either(
                "Takes an earlier result of the same code, parameters and inputs.",
                ["type": "boolean"],
                closed([
                    "age": duration("How old it may be."), "files": ["type": "array", "items": ["type": "string"]],
                    "version": text("Changing it forgets earlier results."),
                ])
            ),
            "inputs": named(
                "Artifacts put into the task's directory: <task>.<output>.",
                either(
                    "From where.",
                    ["type": "string"],
                    closed(["from": ["type": "string"], "path": ["type": "string"]], required: ["from"])
                )
            ),
            "outputs": named(
                "Artifacts that the task leaves, by their path.",
                either("Where.", ["type": ["string", "null"]], closed(["path": ["type": "string"]]))
            ),
            "pool": either(
                "Places in a pool.",
                ["type": "string"],
                closed(
                    ["name": ["type": "string"], "slots": number(1, Int64(PipelinesLimits.poolSlots), "How many.")],
                    required: ["name"]
                )
            ),
            "priority": number(
                PipelinesLimits.priorities.lowerBound,
                PipelinesLimits.priorities.upperBound,
                "Tasks of a higher one start first."
            ),
            "queue": ["description": "The workers that run it.", "$ref": "#/$defs/name"],
        ]
        for (key, value) in own.pairs { properties[key] = value }
        var object = closed(properties).objectValue ?? [:]
        object["oneOf"] = kinds
        return .object(object)
    }()
}
