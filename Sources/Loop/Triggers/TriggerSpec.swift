package import Core

/// One entry of the manifest's `triggers:` section: when to retrain, with what, and who may serve afterwards.
///
/// ```yaml
/// cancer-retrain:
///   when: {monitor: cancer-drift}   # left out: fired by hand only; see `TriggerCondition` for the others
///   pipeline: cancer-retraining
///   parameters: {trials: 10}
///   gate: {metric: accuracy, min_delta: 0.0, minimum: 0.9}
///   model: cancer
///   alias: production
///   cooldown: 60s          # default 1h
///   budget: 24             # loops in 24 hours, default 24
///   minimum_labelled: 40   # newly labelled rows, default 1; 0 asks for none
///   timeout: 10m           # of the pipeline run, default 24h
///   approval: required     # see `ApprovalRule`
///   gitops: {repository: …}   # the outcome as a commit
/// ```
package struct TriggerSpec: Sendable, Equatable {
    /// The trigger's name.
    package let name: String
    /// What fires the trigger; empty for by hand only.
    package let conditions: [TriggerCondition]
    /// The pipeline that makes the candidate.
    package let pipeline: String
    /// Parameters of that pipeline's run.
    package let parameters: JSONObject
    /// How the candidate is judged.
    package let gate: GateRule
    /// The registered model.
    package let model: String
    /// The alias that deployments follow.
    package let alias: String
    /// The guards.
    package let policy: TriggerStateMachine.Policy
    /// Longest time that the pipeline run may take.
    package let timeout: Duration
    /// Who must approve; nil for nobody.
    package let approval: ApprovalRule?
    /// Where the outcome is written, as Git's part of the house reads it; nil for nowhere.
    package let gitops: JSONObject?
    /// The entry as it was written, for storing and showing.
    package let definition: JSONObject

    /// Reads one entry strictly: unknown keys, wrong kinds and values out of range are errors that name the field.
    package init(name: String, definition: JSONValue) throws(MartletError) {
        let path = "triggers.\(name)"
        guard Self.isName(name) else {
            throw MartletError(.invalidArgument, "'\(path)': a trigger's name is \(Self.nameRule).")
        }
        let fields = try JSONFields(definition, path: path)
        try fields.rejectUnknown([
            "when", "pipeline", "parameters", "gate", "model", "alias",
            "cooldown", "budget", "minimum_labelled", "timeout", "approval", "gitops",
        ])
        self.name = name
        conditions = try TriggerCondition.all(fields)
        pipeline = try Self.nonEmpty(fields, "pipeline")
        parameters = try fields.optionalObject("parameters") ?? [:]
        gate = try GateRule(try fields.fields("gate"))
        model = try Self.nonEmpty(fields, "model")
        alias = try Self.nonEmpty(fields, "alias")
        policy = TriggerStateMachine.Policy(
            cooldown: try fields.optionalDuration("cooldown") ?? .seconds(3600),
            budget: Int(clamping: try fields.optionalInt("budget", in: 1...10_000) ?? 24),
            minimumLabelled: try fields.optionalInt("minimum_labelled", in: 0...100_000_000).map { Int(clamping: $0) }
        )
        timeout = try fields.optionalDuration("timeout") ?? .seconds(86_400)
        approval = try ApprovalRule(fields)
        gitops = try fields.optionalObject("gitops")
        self.definition = fields.object
        if conditions.contains(.alias(model: model, alias: alias)) {
            throw MartletError(
                .invalidArgument,
                "'\(path).when.alias' is the alias that the trigger itself moves: it would fire itself for ever."
            )
        }
    }

    /// The first monitor whose drift fires the trigger.
    package var monitor: String? {
        for case .drift(let monitor) in conditions { return monitor }
        return nil
    }

    /// The secret and the window of the trigger's webhook; nil when it has none.
    var webhook: (secret: String, window: Duration)? {
        for case .webhook(let secret, let window) in conditions { return (secret, window) }
        return nil
    }

    /// What the entry names in other sections of the manifest, with the field that names it.
    package var references: [(section: String, name: String, field: String)] {
        let path = "triggers.\(name)"
        var found = [("pipelines", pipeline, "\(path).pipeline")]
        for condition in conditions {
            switch condition {
            case .drift(let monitor): found.append(("monitors", monitor, "\(path).when.monitor"))
            case .quality(let monitor): found.append(("monitors", monitor, "\(path).when.quality"))
            case .checks(let dataset): found.append(("data", dataset, "\(path).when.quality.data"))
            // A pipeline may make a dataset that no manifest declares.
            case .data, .schedule, .alias, .webhook: break
            }
        }
        return found.map { (section: $0.0, name: $0.1, field: $0.2) }
    }

    /// Reads the whole section, in the order in which it was written.
    package static func section(_ value: JSONValue) throws(MartletError) -> [TriggerSpec] {
        let fields = try JSONFields(value, path: "triggers")
        guard fields.object.count <= LoopLimits.maximumTriggers else {
            throw MartletError(
                .invalidArgument,
                "'triggers' has \(fields.object.count) entries; at most \(LoopLimits.maximumTriggers) are allowed."
            )
        }
        var triggers: [TriggerSpec] = []
        for (name, definition) in fields.object.pairs {
            triggers.append(try TriggerSpec(name: name, definition: definition))
        }
        return triggers
    }

    private static func nonEmpty(_ fields: JSONFields, _ key: String) throws(MartletError) -> String {
        let text = try fields.string(key)
        guard !text.isEmpty else { throw fields.invalid(key, "must not be empty") }
        return text
    }

    private static let nameRule = "1 to 100 letters, digits, '-', '_' or '.', beginning with a letter or digit"

    private static func isName(_ name: String) -> Bool {
        guard (1...100).contains(name.utf8.count) else { return false }
        return name.utf8.enumerated().allSatisfy { position, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): position > 0
            default: false
            }
        }
    }
}
