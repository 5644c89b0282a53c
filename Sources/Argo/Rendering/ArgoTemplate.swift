import Core
import Pipelines

/// One task as a template, with what the task of the workflow must hand it.
struct ArgoTemplate {
    /// Where a task works in its pod; its outputs lie in a file there.
    static let directory = "/martlet"
    /// The file that holds the outputs.
    static let outputs = "/martlet/.outputs.json"

    /// The template.
    private(set) var object: JSONObject = [:]
    /// Values for its input parameters, by name.
    private(set) var arguments: [(name: String, value: String)] = []

    private let scope: ArgoScope
    private let notes: ArgoNotes
    private var words: ArgoText

    /// Renders a task.
    ///
    /// - Throws: `unimplemented` naming what Argo cannot do.
    init(_ scope: ArgoScope, notes: ArgoNotes) throws(MartletError) {
        self.scope = scope
        self.notes = notes
        words = ArgoText(scope, notes: notes)
        let task = scope.task
        object["name"] = .string(scope.names.name(of: task.name))
        let body = try body(task)
        try hand()
        object["metadata"] = ["labels": .object(labels(task))]
        let inputs = try ArgoArtifacts(scope: scope, notes: notes).inputs()
        var inputObject = JSONObject()
        if !arguments.isEmpty {
            inputObject["parameters"] = .array(arguments.map { ["name": .string($0.name)] })
        }
        if !inputs.isEmpty { inputObject["artifacts"] = .array(inputs) }
        if inputObject.count > 0 { object["inputs"] = .object(inputObject) }
        var outputObject: JSONObject = [
            "parameters": [
                ["name": "outputs", "valueFrom": ["path": .string(Self.outputs), "default": "{}"]]
            ]
        ]
        let outputs = try ArgoArtifacts(scope: scope, notes: notes).outputs()
        if !outputs.isEmpty { outputObject["artifacts"] = .array(outputs) }
        object["outputs"] = .object(outputObject)
        rules(task)
        try remember(task, body)
        object["volumes"] = [["name": "martlet", "emptyDir": [:]]]
        for (key, value) in body.pairs { object[key] = value }
    }

    private func labels(_ task: TaskSpec) -> JSONObject {
        var labels: JSONObject = ["martlet.dev/task": .string(scope.names.name(of: task.name).prefix63)]
        if task.resources.isOffline {
            labels["martlet.dev/network"] = "off"
            notes.warn(
                "'\(scope.place).resources.network': pods have the label martlet.dev/network=off; a NetworkPolicy of the "
                    + "cluster must take the network away from them."
            )
        }
        return labels
    }

    // MARK: - What runs

    private mutating func body(_ task: TaskSpec) throws(MartletError) -> JSONObject {
        var container: JSONObject = [:]
        switch task.action {
        case .step(let name, let with):
            return ["container": .object(try step(name, with, task))]
        case .command(let command):
            container["image"] = .string(scope.options.image)
            container["command"] = [.string(try words.word(command[0], place: "\(scope.place).run[0]"))]
            container["args"] = .array(try list(Array(command.dropFirst()), from: 1, place: "\(scope.place).run"))
        case .container(let spec):
            container["image"] = .string(spec.image)
            if !spec.command.isEmpty {
                container["command"] = .array(try list(spec.command, place: "\(scope.place).container.command"))
            }
            if !spec.arguments.isEmpty {
                container["args"] = .array(try list(spec.arguments, place: "\(scope.place).container.args"))
            }
        case .script(let source):
            container["image"] = .string(scope.options.image)
            container["command"] = .array(Self.interpreter(source).map { .string($0) })
            container["source"] = .string(
                try ArgoText.literal(source, place: "\(scope.place).script", notes: notes)
            )
        }
        try surround(&container, task)
        if case .script = task.action { return ["script": .object(container)] }
        return ["container": .object(container)]
    }

    private mutating func list(
        _ texts: [String],
        from start: Int = 0,
        place: String
    ) throws(MartletError) -> [JSONValue] {
        var written: [JSONValue] = []
        for (position, text) in texts.enumerated() {
            written.append(.string(try words.word(text, place: "\(place)[\(position + start)]")))
        }
        return written
    }

    /// The words of a first line `#!…`, or the shell's.
    private static func interpreter(_ source: String) -> [String] {
        guard source.hasPrefix("#!"), let line = source.split(separator: "\n").first else { return ["sh", "-eu"] }
        let words = line.dropFirst(2).split(separator: " ").map(String.init)
        return words.isEmpty ? ["sh", "-eu"] : words
    }

    /// Directory, environment and limits of a command.
    private mutating func surround(_ container: inout JSONObject, _ task: TaskSpec) throws(MartletError) {
        container["workingDir"] = .string(Self.directory)
        var environment: [JSONValue] = []
        func add(_ name: String, _ value: String) {
            environment.append(["name": .string(name), "value": .string(value)])
        }
        for (name, value) in task.environment.sorted(by: { $0.key < $1.key }) {
            add(name, try words.word(value, place: "\(scope.place).env.\(name)"))
        }
        for (variable, secret) in task.secrets.sorted(by: { $0.key < $1.key }) {
            environment.append(Self.secret(variable, scope.options.secrets, key: secret))
        }
        add("HOME", Self.directory)
        add("TMPDIR", Self.directory)
        add("PYTHONUNBUFFERED", "1")
        add("MARTLET_OUTPUTS", Self.outputs)
        add("MARTLET_PARAMETERS", ArgoParameters.object(scope.spec, notes: notes))
        add("MARTLET_RUN_ID", scope.options.run?.id ?? "{{workflow.uid}}")
        add("MARTLET_PIPELINE", scope.spec.name)
        add("MARTLET_TASK", task.name)
        add("MARTLET_ATTEMPT", attempt(task))
        if let directory = scope.options.directory { add("MARTLET_PIPELINE_DIRECTORY", directory) }
        add("MLFLOW_TRACKING_URI", scope.options.server)
        if let token = scope.options.tokenSecret {
            environment.append(Self.secret("MLFLOW_TRACKING_TOKEN", token, key: "token"))
        }
        container["env"] = .array(environment)
        if let resources = resources(task) { container["resources"] = resources }
        container["volumeMounts"] = [["name": "martlet", "mountPath": .string(Self.directory)]]
    }

    private func attempt(_ task: TaskSpec) -> String {
        task.retry.limit > 0 ? "{{=asInt(retries) + 1}}" : "1"
    }

    private static func secret(_ variable: String, _ secret: String, key: String) -> JSONValue {
        [
            "name": .string(variable),
            "valueFrom": ["secretKeyRef": ["name": .string(secret), "key": .string(key)]],
        ]
    }

    /// A step: `martlet step run`, which has the server do it and waits for it.
    private mutating func step(
        _ name: String,
        _ with: JSONObject,
        _ task: TaskSpec
    ) throws(MartletError) -> JSONObject {
        let text = JSONValue.object(with).description
        _ = try ArgoText.literal(text, place: "\(scope.place).with", notes: notes)
        var arguments = ["step", "run", name, "--with", text.contains("$(") ? text.replacing("$", with: "$$") : text]
        arguments += ["--pipeline", scope.spec.name, "--task", task.name]
        arguments += ["--run", scope.options.run?.id ?? "{{workflow.uid}}", "--attempt", attempt(task)]
        arguments += ["--parameters", ArgoParameters.object(scope.spec, notes: notes), "--outputs", Self.outputs]
        // The server fills references in, as it does in its own runs; it is told what they may mean.
        var values = ArgoText(scope, notes: notes)
        let references = try ArgoReferences.all(in: .object(with), place: "\(scope.place).with")
        for (reference, place) in references {
            switch reference {
            case .parameter, .output, .runID, .time, .item, .axis: break
            default: _ = try values.text("${\(Self.name(reference))}", place: place)
            }
        }
        let named = references.compactMap { entry -> String? in
            if case .output(let task, _) = entry.reference { task } else { nil }
        }
        for earlier in scope.spec.tasks where task.needs.contains(earlier.name) || named.contains(earlier.name) {
            let short = scope.names.name(of: earlier.name)
            arguments += [
                earlier.fanOut == nil ? "--upstream" : "--fanned", "\(earlier.name)={{inputs.parameters.up-\(short)}}",
            ]
            self.arguments.append(("up-\(short)", "{{tasks.\(short).outputs.parameters.outputs}}"))
        }
        if task.fanOut != nil {
            self.arguments.append(("item", "{{item}}"))
            arguments += ["--item", "{{inputs.parameters.item}}"]
        }
        arguments += ["--time", scope.options.run?.time.iso8601 ?? "{{workflow.creationTimestamp.RFC3339}}"]
        var environment: [JSONValue] = [["name": "MARTLET_SERVER", "value": .string(scope.options.server)]]
        if let token = scope.options.tokenSecret {
            environment.append(Self.secret("MARTLET_TOKEN", token, key: "token"))
        }
        return [
            "image": .string(scope.options.image), "command": ["martlet"],
            "args": .array(arguments.map { .string($0) }),
            "env": .array(environment),
            "resources": ["requests": ["cpu": "50m", "memory": "64Mi"]],
            "volumeMounts": [["name": "martlet", "mountPath": .string(Self.directory)]],
        ]
    }

    private static func name(_ reference: ValueTemplate.Reference) -> String {
        switch reference {
        case .directory: "pipeline.directory"
        case .index: "index"
        case .input(let name): "inputs.\(name)"
        case .artifact(let name): "outputs.\(name)"
        case .failure(let name): "failure.\(name)"
        default: "run.id"
        }
    }

    // MARK: - What it is handed

    /// Inputs for every value that was named.
    private mutating func hand() throws(MartletError) {
        for output in words.outputs { arguments.append((output.input, output.value)) }
        if words.namesItem, !arguments.contains(where: { $0.name == "item" }) { arguments.append(("item", "{{item}}")) }
        for axis in words.axes { arguments.append(("matrix-\(axis)", "{{item.\(axis)}}")) }
    }

    // MARK: - Rules

    private func resources(_ task: TaskSpec) -> JSONValue? {
        let limits = task.resources.limits
        var amounts: JSONObject = [:]
        if let processors = limits.processors {
            amounts["cpu"] = .string("\(Int((processors * 1000).rounded(.up)))m")
        }
        if let memory = limits.memoryBytes { amounts["memory"] = .string("\(memory)") }
        if let disk = limits.diskBytes { amounts["ephemeral-storage"] = .string("\(disk)") }
        for (key, isThere) in [
            ("cpu_time", limits.processorTime != nil), ("open_files", limits.openFiles != nil),
            ("processes", limits.processes != nil),
        ] where isThere {
            notes.warn("'\(scope.place).resources.\(key)' has no counterpart in a pod; the cluster's own limit holds.")
        }
        return amounts.count > 0 ? ["requests": .object(amounts), "limits": .object(amounts)] : nil
    }

    private mutating func rules(_ task: TaskSpec) {
        let seconds = task.timeout.inSeconds.rounded(.up)
        object["activeDeadlineSeconds"] = .int(Int(seconds))
        if task.retry.limit > 0 {
            object["retryStrategy"] = [
                "limit": .string("\(task.retry.limit)"), "retryPolicy": "Always",
                "backoff": [
                    "duration": .string(Self.seconds(task.retry.backoff)), "factor": .string("\(Self.factor(task))"),
                    "cap": .string(Self.seconds(task.retry.cap)),
                ],
            ]
            if task.retry.jitter > 0 {
                notes.warn("'\(scope.place).retries.jitter': Argo's pauses are always the same; jitter is left out.")
            }
            if task.retry.factor != task.retry.factor.rounded() {
                notes.warn(
                    "'\(scope.place).retries.factor': Argo takes whole numbers; \(task.retry.factor) becomes "
                        + "\(Self.factor(task))."
                )
            }
        }
        if let pool = task.pool {
            object["synchronization"] = [
                "semaphores": .array(
                    [JSONValue](
                        repeating: ["configMapKeyRef": ["name": "martlet-pools", "key": .string(pool.name)]],
                        count: 1
                    )
                )
            ]
            if pool.slots > 1 {
                notes.warn(
                    "'\(scope.place).pool.slots': a semaphore of Argo counts one for each task; the \(pool.slots) places "
                        + "count as one."
                )
            }
        }
        if task.priority != 0 {
            notes.warn("'\(scope.place).priority' is left out: Argo orders workflows, not tasks.")
        }
        if let queue = task.queue {
            notes.warn(
                "'\(scope.place).queue': '\(queue)' names workers of Martlet; in the cluster the task runs in a pod."
            )
        }
    }

    private static func factor(_ task: TaskSpec) -> Int {
        max(1, Int(task.retry.factor.rounded()))
    }

    /// A time as Argo reads it; it takes no fractions.
    private static func seconds(_ duration: Duration) -> String {
        "\(Int(duration.inSeconds.rounded(.up)))s"
    }

    // MARK: - Memory

    /// The result of the same work is taken from Argo's memory: the key has what is done, the version, and what is given.
    private mutating func remember(_ task: TaskSpec, _ body: JSONObject) throws(MartletError) {
        guard let cache = task.cache else { return }
        if !cache.files.isEmpty {
            notes.warn(
                "'\(scope.place).cache.files': Argo's key has the image's name and not its files; change 'cache.version' "
                    + "or the image's tag with them."
            )
        }
        if !task.inputs.isEmpty {
            notes.warn("'\(scope.place).cache': artifacts are no part of Argo's key; only values are.")
        }
        let code = ArgoTemplate.checksum(
            JSONValue.object(body).description + (cache.version ?? "")
                + JSONValue.array(task.outputs.map { .string($0.path) }).description
        )
        let given =
            arguments.map { "inputs.parameters['\($0.name)']" }
            + words.parameters.map { "workflow.parameters['\($0)']" }
        let head = "\(scope.spec.name)-\(task.name)".prefix(ArgoLimits.taskCharacters)
        let tail = given.isEmpty ? "" : "-{{=sprig.sha256sum(toJson([\(given.joined(separator: ", "))]))}}"
        object["memoize"] = [
            "key": .string("\(head)-\(code)\(tail)"),
            "maxAge": .string(cache.age.map(Self.seconds) ?? "87600h"),
            "cache": ["configMap": ["name": .string("martlet-cache-\(ArgoNames.object(scope.spec.name))")]],
        ]
        notes.warn(
            "'\(scope.place).cache': Argo's memory lies in a ConfigMap of at most 1 MiB for all results of the pipeline."
        )
    }

    /// A checksum by which rendered code is told apart (FNV-1a, 64 bits).
    static func checksum(_ text: String) -> String {
        var sum: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(sum, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension String {
    /// What a label of Kubernetes takes of it.
    var prefix63: String {
        var cut = String(prefix(63))
        while cut.last == "-" { cut.removeLast() }
        return cut
    }
}
