package import Core

/// What a task does.
package enum TaskAction: Sendable, Equatable {
    /// A built-in step with its `with:` values.
    case step(name: String, with: JSONObject)
    /// A program and its arguments; no shell reads them.
    case command([String])
    /// The text of a script, run by `sh` or by the interpreter that its first line names.
    case script(String)
    /// A container.
    case container(ContainerSpec)

    /// `step`, `run`, `script` or `container`: the key in the pipeline file.
    package var kind: String {
        switch self {
        case .step: "step"
        case .command: "run"
        case .script: "script"
        case .container: "container"
        }
    }
}

/// One task of a pipeline.
package struct TaskSpec: Sendable, Equatable {
    /// The name, unique in the pipeline.
    package let name: String
    /// What it does.
    package let action: TaskAction
    /// The tasks that must succeed before it.
    package let needs: [String]
    /// How often it is tried again after a failure, and after which pauses.
    package let retry: RetryRule
    /// How long one attempt may take.
    package let timeout: Duration
    /// Environment variables of a command or script.
    package let environment: [String: String]
    /// The names of secrets by the environment variables that hold their values.
    package let secrets: [String: String]
    /// What it may use.
    package let resources: TaskResources
    /// What it is run for many times; nil when it runs once.
    package let fanOut: FanOut?
    /// Whether it runs at all, asked when everything it needs has ended; nil for always.
    package let condition: Condition?
    /// What comes of its failure.
    package let onFailure: FailureRule
    /// When an earlier result is taken instead; nil for never.
    package let cache: CachePolicy?
    /// The artifacts that are put into its directory.
    package let inputs: [InputArtifact]
    /// The artifacts that it leaves.
    package let outputs: [OutputArtifact]
    /// The places it takes in a pool.
    package let pool: PoolUse?
    /// Tasks of a higher one start first.
    package let priority: Int
    /// Which workers run it; nil for the server itself.
    package let queue: String?

    /// How often it is tried again after a failure.
    package var retries: Int { retry.limit }
    /// The pause before the first retry.
    package var backoff: Duration { retry.backoff }

    /// The keys of every task.
    static let keys =
        handlerKeys + [
            "needs", "matrix", "foreach", "fan_out", "when", "on_failure", "cache", "inputs", "outputs", "pool",
            "priority",
            "queue",
        ]
    /// The keys of a task that runs because another failed.
    static let handlerKeys = [
        "step", "with", "run", "shell", "script", "container", "retries", "backoff", "timeout", "env", "secrets",
        "resources",
    ]

    /// Reads one task; references between tasks are checked by the pipeline.
    static func parse(
        _ name: String,
        _ fields: JSONFields,
        steps: [String: BuiltinStep]
    ) throws(MartletError) -> TaskSpec {
        try PipelineName.require(name, path: fields.path)
        try fields.rejectUnknown(keys)
        return try read(name, fields, steps: steps)
    }

    /// Reads the task that runs when `owner` fails, or when any task does.
    static func parseHandler(
        of owner: String,
        _ fields: JSONFields,
        steps: [String: BuiltinStep]
    ) throws(MartletError) -> TaskSpec {
        try fields.rejectUnknown(handlerKeys)
        return try read("\(owner).on_failure", fields, steps: steps)
    }

    private static func read(
        _ name: String,
        _ fields: JSONFields,
        steps: [String: BuiltinStep]
    ) throws(MartletError) -> TaskSpec {
        let action = try parseAction(fields, steps: steps)
        let timeout = try fields.optionalDuration("timeout") ?? PipelinesLimits.defaultTimeout
        guard timeout > .zero, timeout <= PipelinesLimits.longestTimeout else {
            throw fields.invalid("timeout", "must be above 0 and at most 30 days")
        }
        let environment = try parseEnvironment(fields, action: action)
        let needs = try parseNeeds(fields)
        let condition = try fields.optionalString("when").map { text throws(MartletError) in
            try Condition(text, path: fields.path(of: "when"))
        }
        return TaskSpec(
            name: name,
            action: action,
            needs: needs,
            retry: try RetryRule.parse(fields),
            timeout: timeout,
            environment: environment,
            secrets: try parseSecrets(fields, action: action, environment: environment),
            resources: try parseResources(fields, action: action),
            fanOut: try FanOut.parse(fields),
            condition: condition,
            onFailure: try parseFailure(name, fields, steps: steps),
            cache: try CachePolicy.parse(fields),
            inputs: try ArtifactSpecs.inputs(fields, needs: needs),
            outputs: try ArtifactSpecs.outputs(fields),
            pool: try PoolUse.parse(fields),
            priority: Int(try fields.optionalInt("priority", in: PipelinesLimits.priorities) ?? 0),
            queue: try parseQueue(fields, action: action)
        )
    }

    private static func parseFailure(
        _ name: String,
        _ fields: JSONFields,
        steps: [String: BuiltinStep]
    ) throws(MartletError) -> FailureRule {
        switch fields.value("on_failure") {
        case nil, .string("fail"): return .fail
        case .string("continue"): return .proceed
        case .object?: return .handler(try parseHandler(of: name, try fields.fields("on_failure"), steps: steps))
        default: throw fields.invalid("on_failure", "must be fail, continue or a task to run")
        }
    }

    private static func parseQueue(_ fields: JSONFields, action: TaskAction) throws(MartletError) -> String? {
        guard let queue = try fields.optionalString("queue") else { return nil }
        if case .step = action {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "queue"))' belongs to 'run', 'script' or 'container'; a step runs in the server."
            )
        }
        try PipelineName.require(queue, path: fields.path(of: "queue"))
        return queue
    }

    private static func parseAction(
        _ fields: JSONFields,
        steps: [String: BuiltinStep]
    ) throws(MartletError) -> TaskAction {
        let present = ["step", "run", "script", "container"].filter { fields.value($0) != nil }
        guard present.count == 1 else {
            let found = present.isEmpty ? "none" : present.joined(separator: " and ")
            throw MartletError(
                .invalidArgument,
                "'\(fields.path)' must have exactly one of 'step', 'run', 'script' and 'container'; it has \(found)."
            )
        }
        if present != ["step"], fields.value("with") != nil {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "with"))' belongs to a 'step'; pass values by 'env'."
            )
        }
        let isShell = try fields.optionalBool("shell") ?? false
        if isShell, present != ["run"] {
            throw MartletError(.invalidArgument, "'\(fields.path(of: "shell"))' belongs to 'run'.")
        }
        switch present[0] {
        case "step": return try parseStep(fields, steps: steps)
        case "run" where isShell: return .script(try parseScript("run", fields))
        case "run": return .command(try parseCommand(fields))
        case "script": return .script(try parseScript("script", fields))
        default: return .container(try ContainerSpec.parse(try fields.fields("container")))
        }
    }

    private static func parseStep(
        _ fields: JSONFields,
        steps: [String: BuiltinStep]
    ) throws(MartletError) -> TaskAction {
        let name = try fields.string("step")
        guard let step = steps[name] else {
            let known = steps.keys.sorted().joined(separator: ", ")
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "step"))' names the step '\(name)', which does not exist; the steps are \(known)."
            )
        }
        let with = try fields.optionalFields("with") ?? JSONFields(JSONObject(), path: fields.path(of: "with"))
        try with.rejectUnknown(step.parameters.map(\.name))
        for parameter in step.parameters where parameter.isRequired && with.value(parameter.name) == nil {
            throw MartletError(
                .invalidArgument,
                "'\(with.path(of: parameter.name))' is missing; the step '\(name)' needs it: \(parameter.summary)"
            )
        }
        return .step(name: name, with: with.object)
    }

    private static func parseCommand(_ fields: JSONFields) throws(MartletError) -> [String] {
        guard fields.value("run")?.stringValue == nil else {
            throw fields.invalid(
                "run",
                "must be a list of words such as [\"python3\", \"train.py\"] (shell text goes into 'script', or needs 'shell: true')"
            )
        }
        let words = try fields.strings("run")
        guard (1...PipelinesLimits.commandWords).contains(words.count), words[0] != "" else {
            throw fields.invalid("run", "must name a program and at most \(PipelinesLimits.commandWords - 1) arguments")
        }
        guard !words.contains(where: { $0.utf8.contains(0) }) else { throw fields.invalid("run", "must not hold NUL") }
        return words
    }

    private static func parseScript(_ key: String, _ fields: JSONFields) throws(MartletError) -> String {
        let script = try fields.string(key)
        guard (1...PipelinesLimits.scriptBytes).contains(script.utf8.count), !script.utf8.contains(0) else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: key))' must have 1 to \(PipelinesLimits.scriptBytes) bytes and no NUL."
            )
        }
        for prefix in filled where script.contains(prefix) {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: key))' holds '\(prefix)…}', but nothing is filled into shell text; pass the value by 'env' and use \"$NAME\"."
            )
        }
        return script
    }

    private static let filled = [
        "${parameters.", "${tasks.", "${pipeline.", "${run.", "${item.", "${matrix.", "${inputs.",
        "${outputs.", "${failure.",
    ]

    private static func parseNeeds(_ fields: JSONFields) throws(MartletError) -> [String] {
        let needs = try fields.strings("needs")
        var seen: Set<String> = []
        for need in needs where !seen.insert(need).inserted {
            throw MartletError(.invalidArgument, "'\(fields.path(of: "needs"))' names the task '\(need)' twice.")
        }
        return needs
    }

    private static func parseEnvironment(
        _ fields: JSONFields,
        action: TaskAction
    ) throws(MartletError) -> [String: String] {
        guard let section = try fields.optionalFields("env") else { return [:] }
        if case .step = action {
            throw MartletError(
                .invalidArgument,
                "'\(section.path)' belongs to 'run', 'script' or 'container'; a step takes 'with'."
            )
        }
        guard section.object.count <= PipelinesLimits.environment else {
            throw MartletError(
                .invalidArgument,
                "'\(section.path)' has \(section.object.count) variables; at most \(PipelinesLimits.environment) are accepted."
            )
        }
        var environment: [String: String] = [:]
        for (name, value) in section.object.pairs {
            try checkVariable(name, path: section.path(of: name))
            switch value {
            case .string(let text) where !text.utf8.contains(0): environment[name] = text
            case .integer, .number, .bool: environment[name] = value.description
            default: throw section.invalid(name, "must be text or a number")
            }
        }
        return environment
    }
}

/// Secrets and resources, which only commands have.
extension TaskSpec {
    private static func checkVariable(_ name: String, path: String) throws(MartletError) {
        let isName = name.utf8.enumerated().allSatisfy { position, byte in
            switch byte {
            case 0x41...0x5A, 0x61...0x7A, 0x5F: true
            case 0x30...0x39: position > 0
            default: false
            }
        }
        guard isName, !name.isEmpty, !name.hasPrefix("MARTLET_") else {
            throw MartletError(
                .invalidArgument,
                "'\(path)': a variable's name has letters, digits and '_', and does not begin with MARTLET_."
            )
        }
    }

    private static func parseSecrets(
        _ fields: JSONFields,
        action: TaskAction,
        environment: [String: String]
    ) throws(MartletError) -> [String: String] {
        guard let value = fields.value("secrets"), value != .null else { return [:] }
        let path = fields.path(of: "secrets")
        if case .step = action {
            throw MartletError(.invalidArgument, "'\(path)' belongs to 'run', 'script' or 'container'.")
        }
        var pairs: [(String, String)] = []
        if value.arrayValue != nil {
            for name in try fields.strings("secrets") {
                // `api-key` becomes API_KEY.
                pairs.append((name.uppercased().replacing("-", with: "_").replacing(".", with: "_"), name))
            }
        } else {
            guard let section = try fields.optionalFields("secrets") else { return [:] }
            for variable in section.object.keys { pairs.append((variable, try section.string(variable))) }
        }
        guard pairs.count <= PipelinesLimits.secrets else {
            throw MartletError(.invalidArgument, "'\(path)' names more than \(PipelinesLimits.secrets) secrets.")
        }
        var secrets: [String: String] = [:]
        for (variable, name) in pairs {
            try checkVariable(variable, path: "\(path).\(variable)")
            guard environment[variable] == nil, secrets[variable] == nil else {
                throw MartletError(.invalidArgument, "'\(path).\(variable)': the variable is set twice.")
            }
            guard !name.isEmpty, name.utf8.count <= PipelinesLimits.nameBytes else {
                throw MartletError(.invalidArgument, "'\(path).\(variable)' must be the name of a secret.")
            }
            secrets[variable] = name
        }
        return secrets
    }

    private static func parseResources(
        _ fields: JSONFields,
        action: TaskAction
    ) throws(MartletError) -> TaskResources {
        guard let section = try fields.optionalFields("resources") else { return TaskResources() }
        if case .step = action {
            throw MartletError(
                .invalidArgument,
                "'\(section.path)' belongs to 'run', 'script' or 'container'; a step runs in the server."
            )
        }
        return try TaskResources.parse(section)
    }
}
