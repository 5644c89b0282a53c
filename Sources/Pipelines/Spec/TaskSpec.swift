package import Core

/// What a task does.
package enum TaskAction: Sendable, Equatable {
    /// A built-in step with its `with:` values.
    case step(name: String, with: JSONObject)
    /// A program and its arguments; no shell reads them.
    case command([String])
    /// The text of a script, run by `sh` or by the interpreter that its first line names.
    case script(String)

    /// `step`, `run` or `script`: the key in the pipeline file.
    package var kind: String {
        switch self {
        case .step: "step"
        case .command: "run"
        case .script: "script"
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
    /// How often it is tried again after a failure.
    package let retries: Int
    /// The pause before the first retry; it doubles with each.
    package let backoff: Duration
    /// How long one attempt may take.
    package let timeout: Duration
    /// Environment variables of a command or script.
    package let environment: [String: String]
    /// The names of secrets by the environment variables that hold their values.
    package let secrets: [String: String]
    /// What it may use.
    package let resources: TaskResources

    private static let keys = [
        "step", "with", "run", "script", "needs", "retries", "backoff", "timeout", "env", "secrets", "resources",
    ]

    /// Reads one task; references between tasks are checked by the pipeline.
    static func parse(
        _ name: String,
        _ fields: JSONFields,
        steps: [String: BuiltinStep]
    ) throws(MartletError) -> TaskSpec {
        try PipelineName.require(name, path: fields.path)
        try fields.rejectUnknown(keys)
        let action = try parseAction(fields, steps: steps)
        let backoff = try fields.optionalDuration("backoff") ?? PipelinesLimits.defaultBackoff
        guard backoff <= PipelinesLimits.longestBackoff else {
            throw fields.invalid("backoff", "must be at most 1 hour")
        }
        let timeout = try fields.optionalDuration("timeout") ?? PipelinesLimits.defaultTimeout
        guard timeout > .zero, timeout <= PipelinesLimits.longestTimeout else {
            throw fields.invalid("timeout", "must be above 0 and at most 30 days")
        }
        let environment = try parseEnvironment(fields, action: action)
        return TaskSpec(
            name: name,
            action: action,
            needs: try parseNeeds(fields),
            retries: Int(try fields.optionalInt("retries", in: 0...PipelinesLimits.retries) ?? 0),
            backoff: backoff,
            timeout: timeout,
            environment: environment,
            secrets: try parseSecrets(fields, action: action, environment: environment),
            resources: try parseResources(fields, action: action)
        )
    }

    private static func parseAction(
        _ fields: JSONFields,
        steps: [String: BuiltinStep]
    ) throws(MartletError) -> TaskAction {
        let present = ["step", "run", "script"].filter { fields.value($0) != nil }
        guard present.count == 1 else {
            let found = present.isEmpty ? "none" : present.joined(separator: " and ")
            throw MartletError(
                .invalidArgument,
                "'\(fields.path)' must have exactly one of 'step', 'run' and 'script'; it has \(found)."
            )
        }
        if present != ["step"], fields.value("with") != nil {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "with"))' belongs to a 'step'; pass values by 'env'."
            )
        }
        switch present[0] {
        case "step": return try parseStep(fields, steps: steps)
        case "run": return .command(try parseCommand(fields))
        default: return .script(try parseScript(fields))
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
                "must be a list of words such as [\"python3\", \"train.py\"] (shell text goes into 'script')"
            )
        }
        let words = try fields.strings("run")
        guard (1...PipelinesLimits.commandWords).contains(words.count), words[0] != "" else {
            throw fields.invalid("run", "must name a program and at most \(PipelinesLimits.commandWords - 1) arguments")
        }
        guard !words.contains(where: { $0.utf8.contains(0) }) else { throw fields.invalid("run", "must not hold NUL") }
        return words
    }

    private static func parseScript(_ fields: JSONFields) throws(MartletError) -> String {
        let script = try fields.string("script")
        guard (1...PipelinesLimits.scriptBytes).contains(script.utf8.count), !script.utf8.contains(0) else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "script"))' must have 1 to \(PipelinesLimits.scriptBytes) bytes and no NUL."
            )
        }
        for prefix in ["${parameters.", "${tasks.", "${pipeline.", "${run."] where script.contains(prefix) {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "script"))' holds '\(prefix)…}', but nothing is filled into shell text; pass the value by 'env' and use \"$NAME\"."
            )
        }
        return script
    }

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
            throw MartletError(.invalidArgument, "'\(section.path)' belongs to 'run' or 'script'; a step takes 'with'.")
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
            throw MartletError(.invalidArgument, "'\(path)' belongs to 'run' or 'script'.")
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
                "'\(section.path)' belongs to 'run' or 'script'; a step runs in the server."
            )
        }
        return try TaskResources.parse(section)
    }
}
