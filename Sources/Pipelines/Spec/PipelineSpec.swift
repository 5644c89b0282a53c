package import Core

/// A pipeline as the manifest declares it under `pipelines:`.
package struct PipelineSpec: Sendable {
    /// The name, unique in the server.
    package let name: String
    /// The parameters with their defaults; null where a run must give the value.
    package let parameters: JSONObject
    /// The tasks in the order of the file.
    package let tasks: [TaskSpec]
    /// The section as it was written, for storing and comparing.
    package let document: JSONValue
    let graph: TaskGraph

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
        try fields.rejectUnknown(["parameters", "tasks"])
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
        let graph = try TaskGraph(tasks, path: section.path)
        let spec = PipelineSpec(name: name, parameters: parameters, tasks: tasks, document: value, graph: graph)
        try spec.checkReferences(path: section.path)
        return spec
    }

    private static func parseParameters(_ fields: JSONFields) throws(MartletError) -> JSONObject {
        guard let section = try fields.optionalFields("parameters") else { return [:] }
        guard section.object.count <= PipelinesLimits.parameters else {
            throw MartletError(
                .invalidArgument,
                "'\(section.path)' has \(section.object.count) parameters; at most \(PipelinesLimits.parameters) are accepted."
            )
        }
        for (name, value) in section.object.pairs {
            try PipelineName.require(name, path: section.path(of: name))
            try requireBounded(value, path: section.path(of: name))
        }
        return section.object
    }

    private static func requireBounded(_ value: JSONValue, path: String) throws(MartletError) {
        guard value.serialized().count <= PipelinesLimits.parameterBytes else {
            throw MartletError(
                .invalidArgument,
                "'\(path)' is larger than \(PipelinesLimits.parameterBytes) bytes; pass a file's name instead."
            )
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
        for (name, standard) in parameters.pairs {
            guard let value = fields.value(name) else {
                guard standard != .null else {
                    throw MartletError(
                        .invalidArgument,
                        "'parameters.\(name)' is missing; the pipeline '\(self.name)' has no default for it."
                    )
                }
                resolved[name] = standard
                continue
            }
            guard Self.fits(value, standard) else {
                throw fields.invalid(name, "must be \(standard.kind), as its default \(standard) is")
            }
            try Self.requireBounded(value, path: "parameters.\(name)")
            resolved[name] = value
        }
        return resolved
    }

    private static func fits(_ value: JSONValue, _ standard: JSONValue) -> Bool {
        switch (standard, value) {
        case (.null, _), (.bool, .bool), (.string, .string), (.array, .array), (.object, .object): true
        case (.integer, _): value.integerValue != nil
        case (.number, _): value.doubleValue != nil
        default: false
        }
    }

    /// Throws when a value refers to a parameter or a task that is not there, or to one that may not have run yet.
    private func checkReferences(path: String) throws(MartletError) {
        let positions = Dictionary(tasks.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        for (position, task) in tasks.enumerated() {
            var ancestors: Set<Int>?
            for (reference, place) in try task.references(path: "\(path).\(task.name)") {
                switch reference {
                case .directory, .runID: break
                case .parameter(let name):
                    guard parameters.keys.contains(name) else {
                        throw MartletError(
                            .invalidArgument,
                            "'\(place)' refers to the parameter '\(name)', which the pipeline does not declare."
                        )
                    }
                case .output(let name, _):
                    let before = ancestors ?? graph.ancestors(of: position)
                    ancestors = before
                    guard let needed = positions[name], before.contains(needed) else {
                        throw MartletError(
                            .invalidArgument,
                            "'\(place)' refers to the task '\(name)', which '\(task.name)' does not need; add it to 'needs'."
                        )
                    }
                }
            }
        }
    }
}

extension TaskSpec {
    /// Every reference in the task's values, with the path of the string it stands in.
    func references(path: String) throws(MartletError) -> [(ValueTemplate.Reference, path: String)] {
        var found: [(ValueTemplate.Reference, path: String)] = []
        switch action {
        case .step(_, let with): found += try ValueTemplate.references(in: .object(with), path: "\(path).with")
        case .command(let words):
            for (position, word) in words.enumerated() {
                let place = "\(path).run[\(position)]"
                found += try ValueTemplate(word, path: place).references.map { ($0, place) }
            }
        case .script: break
        }
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
            let place = "\(path).env.\(name)"
            found += try ValueTemplate(value, path: place).references.map { ($0, place) }
        }
        return found
    }
}
