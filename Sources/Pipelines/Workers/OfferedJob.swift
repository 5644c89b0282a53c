package import Core

/// An attempt as it is offered to workers: a job as JSON, without the values of secrets.
package struct OfferedJob: Sendable, Equatable {
    /// The job in the form that is stored.
    package let json: JSONObject

    /// The form of a job.
    ///
    /// - Parameters:
    ///   - job: what is offered.
    ///   - trackingURI: where the job's processes find the tracking server, if their worker does not say otherwise.
    package init(_ job: StepJob, trackingURI: String?) {
        var json: JSONObject = [
            "run": .string(job.runID), "pipeline": .string(job.pipeline), "task": .string(job.task),
            "attempt": .integer(Int64(job.attempt)), "action": .object(Self.json(job.action)),
            "env": Self.json(job.environment), "secrets": Self.json(job.secretNames),
            "resources": .object(Self.json(job.resources)), "parameters": .object(job.parameters),
            "upstream": .object(
                JSONObject(job.upstream.sorted { $0.key < $1.key }.map { ($0.key, .object($0.value)) })
            ),
            "directory": .string(job.pipelineDirectory), "marker": .string(job.marker),
        ]
        if let item = job.item { json["item"] = item }
        json["inputs"] = .array(job.inputs.map(\.json))
        json["outputs"] = .array(job.outputs.map { ["name": .string($0.name), "path": .string($0.path)] })
        if let trackingURI { json["tracking_uri"] = .string(trackingURI) }
        self.json = json
    }

    /// A job that was stored.
    ///
    /// - Parameter json: the form.
    package init(json: JSONObject) {
        self.json = json
    }

    /// Where the job's processes find the tracking server.
    package var trackingURI: String? { json["tracking_uri"]?.stringValue }

    /// The job for this host.
    ///
    /// - Parameters:
    ///   - work: the directory below which attempts have theirs.
    ///   - pipelines: where the pipelines' files lie here; nil for the same path as on the server.
    /// - Returns: the job.
    /// - Throws: `invalidArgument` for a form that a newer server wrote.
    package func job(below work: String, pipelines: String?) throws(MartletError) -> StepJob {
        let fields = JSONFields(json, path: "offer")
        let there = try fields.string("directory")
        let here = pipelines ?? there
        func moved(_ text: String) -> String {
            here == there || there.isEmpty ? text : text.replacing(there, with: here)
        }
        let (run, task) = (try fields.string("run"), try fields.string("task"))
        let attempt = Int(try fields.int("attempt", in: 1...1_000_000))
        var upstream: [String: JSONObject] = [:]
        for (name, value) in try fields.fields("upstream").object.pairs { upstream[name] = value.objectValue ?? [:] }
        var job = StepJob(
            runID: run,
            pipeline: try fields.string("pipeline"),
            task: task,
            attempt: attempt,
            action: try Self.action(try fields.fields("action"), moved),
            environment: Self.texts(try fields.fields("env").object).mapValues(moved),
            secretNames: Self.texts(try fields.fields("secrets").object),
            resources: try Self.resources(try fields.fields("resources")),
            parameters: try fields.fields("parameters").object,
            upstream: upstream,
            directory: "\(work)/\(run)/\(task)/\(attempt)",
            pipelineDirectory: here,
            marker: try fields.string("marker")
        )
        job.item = fields.value("item")
        for value in try fields.array("inputs") { job.inputs.append(try StagedInput(value)) }
        for value in try fields.array("outputs") {
            let output = try JSONFields(value, path: "offer.outputs")
            job.outputs.append(OutputArtifact(name: try output.string("name"), path: try output.string("path")))
        }
        return job
    }

    private static func json(_ texts: [String: String]) -> JSONValue {
        .object(JSONObject(texts.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    }

    private static func texts(_ object: JSONObject) -> [String: String] {
        var texts: [String: String] = [:]
        for (name, value) in object.pairs { texts[name] = value.stringValue }
        return texts
    }

    private static func json(_ action: TaskAction) -> JSONObject {
        func list(_ words: [String]) -> JSONValue { .array(words.map { .string($0) }) }
        return switch action {
        case .step(let name, let with): ["step": .string(name), "with": .object(with)]
        case .command(let words): ["run": list(words)]
        case .script(let text): ["script": .string(text)]
        case .container(let spec):
            ["image": .string(spec.image), "command": list(spec.command), "args": list(spec.arguments)]
        }
    }

    private static func action(
        _ fields: JSONFields,
        _ moved: (String) -> String
    ) throws(MartletError) -> TaskAction {
        if fields.value("run") != nil { return .command(try fields.strings("run").map(moved)) }
        if let text = try fields.optionalString("script") { return .script(text) }
        if let image = try fields.optionalString("image") {
            return .container(
                ContainerSpec(
                    image: image,
                    command: try fields.strings("command"),
                    arguments: try fields.strings("args").map(moved)
                )
            )
        }
        throw MartletError(
            .invalidArgument,
            "The offered task does something that this worker does not know; update it."
        )
    }

    private static func json(_ resources: TaskResources) -> JSONObject {
        let limits = resources.limits
        var json: JSONObject = ["offline": .bool(resources.isOffline)]
        json["memory"] = limits.memoryBytes.map { .integer(Int64($0)) }
        json["cpus"] = limits.processors.map { .number($0) }
        json["cpu_time"] = limits.processorTime.map { .integer($0.components.seconds) }
        json["open_files"] = limits.openFiles.map { .integer(Int64($0)) }
        json["processes"] = limits.processes.map { .integer(Int64($0)) }
        json["disk"] = limits.diskBytes.map { .integer(Int64($0)) }
        return json
    }

    private static func resources(_ fields: JSONFields) throws(MartletError) -> TaskResources {
        var resources = TaskResources()
        func number(_ key: String) throws(MartletError) -> Int? {
            try fields.optionalInt(key, in: 1...Int64.max).map { Int($0) }
        }
        resources.isOffline = try fields.optionalBool("offline") ?? false
        resources.limits.memoryBytes = try number("memory")
        resources.limits.processors = try fields.optionalDouble("cpus")
        resources.limits.processorTime = try number("cpu_time").map { .seconds($0) }
        resources.limits.openFiles = try number("open_files")
        resources.limits.processes = try number("processes")
        resources.limits.diskBytes = try number("disk")
        return resources
    }
}
