package import Core

/// A pipeline as the manifest declares it under `pipelines:`.
package struct PipelineSpec: Sendable {
    /// The name, unique in the server.
    package let name: String
    /// One line for people.
    package let summary: String?
    /// The parameters with their defaults; null where a run must give the value.
    package let parameters: JSONObject
    /// The parameters with their types and bounds.
    package let parameterSpecs: [ParameterSpec]
    /// The tasks in the order of the file.
    package let tasks: [TaskSpec]
    /// The task that runs when any other has failed for good.
    package let onFailure: TaskSpec?
    /// How many runs there may be at once.
    package let concurrency: ConcurrencyRule
    /// How many places the pools have that tasks use; pipelines that name the same pool share it.
    package let pools: [String: Int]
    /// Most tasks of one run at the same time; nil for the server's own number.
    package let parallel: Int?
    /// Runs of a higher one start first.
    package let priority: Int
    /// What starts it by itself.
    package let triggers: [PipelineTrigger]
    /// Who runs it as a whole; nil for this server, task by task.
    package let executor: String?
    /// The section as it was written, for storing and comparing.
    package let document: JSONValue
    let graph: TaskGraph

    /// The keys of a pipeline.
    static let keys = [
        "description", "parameters", "tasks", "on_failure", "concurrency", "pools", "parallel", "priority", "executor",
        "triggers",
    ]
    /// The keys of the section that are no pipelines.
    package static let reservedNames = ["include"]

    /// How many steps from the start each task is, in the order of `tasks`: 0 for those that need nothing.
    package var levels: [Int] {
        graph.levels
    }

    /// Reads the whole `pipelines:` section of a manifest.
    ///
    /// - Parameters:
    ///   - section: The section.
    ///   - steps: The built-in steps that tasks may name.
    /// - Returns: The pipelines in the order of the file.
    /// - Throws: `invalidArgument` naming pipeline, task and field.
    package static func parseSection(
        _ section: JSONValue,
        steps: [BuiltinStep]
    ) throws(MartletError) -> [PipelineSpec] {
        let fields = try JSONFields(section, path: "pipelines")
        guard fields.object.count <= PipelinesLimits.pipelines else {
            throw MartletError(
                .invalidArgument,
                "'pipelines' declares \(fields.object.count) pipelines; at most \(PipelinesLimits.pipelines) are accepted."
            )
        }
        var specs: [PipelineSpec] = []
        for name in reservedNames where fields.object[name] != nil {
            throw MartletError(
                .invalidArgument,
                "'pipelines.\(name)' belongs to a file that is applied, not to one that is sent alone."
            )
        }
        for (name, value) in fields.object.pairs { specs.append(try parse(name: name, value, steps: steps)) }
        return specs
    }

    /// Reads the declaration of one pipeline.
    ///
    /// - Parameters:
    ///   - name: The pipeline's name.
    ///   - value: The section below the name.
    ///   - steps: The built-in steps that tasks may name.
    /// - Returns: The pipeline, whose tasks form no cycle and refer only to what exists.
    /// - Throws: `invalidArgument` naming pipeline, task and field.
    package static func parse(
        name: String,
        _ value: JSONValue,
        steps: [BuiltinStep]
    ) throws(MartletError) -> PipelineSpec {
        let fields = try JSONFields(value, path: "pipelines.\(name)")
        try PipelineName.require(name, path: fields.path)
        try fields.rejectUnknown(keys)
        let parameters = try parseParameters(fields)
        let section = try fields.fields("tasks")
        guard (1...PipelinesLimits.tasks).contains(section.object.count) else {
            throw MartletError(
                .invalidArgument,
                "'\(section.path)' has \(section.object.count) tasks; 1 to \(PipelinesLimits.tasks) are accepted."
            )
        }
        let known = Dictionary(steps.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var tasks: [TaskSpec] = []
        for (task, value) in section.object.pairs {
            let fields = try JSONFields(value, path: section.path(of: task))
            tasks.append(try TaskSpec.parse(task, fields, steps: known))
        }
        let handler = try fields.optionalFields("on_failure").map { handler throws(MartletError) in
            try TaskSpec.parseHandler(of: "pipeline", handler, steps: known)
        }
        let spec = PipelineSpec(
            name: name,
            summary: try fields.optionalString("description"),
            parameters: JSONObject(parameters.map { ($0.name, $0.standard ?? .null) }),
            parameterSpecs: parameters,
            tasks: tasks,
            onFailure: handler,
            concurrency: try ConcurrencyRule.parse(fields),
            pools: try parsePools(fields),
            parallel: try fields.optionalInt("parallel", in: 1...Int64(PipelinesLimits.mostParallelTasks)).map {
                Int($0)
            },
            priority: Int(try fields.optionalInt("priority", in: PipelinesLimits.priorities) ?? 0),
            triggers: try parseTriggers(fields, parameters),
            executor: try parseExecutor(fields),
            document: value,
            graph: try TaskGraph(tasks, path: section.path)
        )
        try SpecReferences(spec, path: fields.path).check()
        return spec
    }

    private static func parseParameters(_ fields: JSONFields) throws(MartletError) -> [ParameterSpec] {
        guard let section = try fields.optionalFields("parameters") else { return [] }
        guard section.object.count <= PipelinesLimits.parameters else {
            throw MartletError(
                .invalidArgument,
                "'\(section.path)' has \(section.object.count) parameters; at most \(PipelinesLimits.parameters) are accepted."
            )
        }
        var parameters: [ParameterSpec] = []
        for name in section.object.keys { parameters.append(try ParameterSpec.parse(name, in: section)) }
        return parameters
    }

    private static func parsePools(_ fields: JSONFields) throws(MartletError) -> [String: Int] {
        guard let section = try fields.optionalFields("pools") else { return [:] }
        var pools: [String: Int] = [:]
        for name in section.object.keys {
            try PipelineName.require(name, path: section.path(of: name))
            pools[name] = Int(try section.int(name, in: 1...Int64(PipelinesLimits.poolSlots)))
        }
        return pools
    }

    private static func parseTriggers(
        _ fields: JSONFields,
        _ parameters: [ParameterSpec]
    ) throws(MartletError) -> [PipelineTrigger] {
        guard let section = try fields.optionalFields("triggers") else { return [] }
        return try PipelineTrigger.parseSection(section, declared: parameters.map(\.name))
    }

    private static func parseExecutor(_ fields: JSONFields) throws(MartletError) -> String? {
        switch try fields.optionalString("executor") {
        case nil, "local": return nil
        case "kubernetes": return "kubernetes"
        default: throw fields.invalid("executor", "must be local or kubernetes")
        }
    }

    /// The parameters of a run: the defaults with `given` over them.
    ///
    /// - Parameter given: What the run is started with.
    /// - Returns: A value for every parameter.
    /// - Throws: `invalidArgument` for an unknown name, a value of another kind than the default, or none where one is needed.
    package func resolve(_ given: JSONObject) throws(MartletError) -> JSONObject {
        let fields = JSONFields(given, path: "parameters")
        try fields.rejectUnknown(parameters.keys)
        var resolved = JSONObject()
        for parameter in parameterSpecs {
            let name = parameter.name
            if let value = fields.value(name) {
                resolved[name] = try parameter.accept(value, path: "parameters.\(name)")
            } else if let standard = parameter.standard {
                resolved[name] = standard
            } else {
                throw MartletError(
                    .invalidArgument,
                    "'parameters.\(name)' is missing; the pipeline '\(self.name)' has no default for it."
                )
            }
        }
        return resolved
    }

    /// A task by its name, also the ones that run when others fail.
    package func task(_ name: String) -> TaskSpec? {
        if name == onFailure?.name { return onFailure }
        if let task = tasks.first(where: { $0.name == name }) { return task }
        for task in tasks {
            if case .handler(let handler) = task.onFailure, handler.name == name { return handler }
        }
        return nil
    }
}
