package import Core

/// One entry of the manifest's `triggers:` section: when to retrain, with what, and who may serve afterwards.
///
/// ```yaml
/// cancer-retrain:
///   when: {monitor: cancer-drift}   # left out: fired by hand only
///   pipeline: cancer-retraining
///   parameters: {trials: 10}
///   gate: {metric: accuracy, min_delta: 0.0, minimum: 0.9}
///   model: cancer
///   alias: production
///   cooldown: 60s          # default 1h
///   budget: 24             # loops in 24 hours, default 24
///   minimum_labelled: 40   # newly labelled rows, default 1; 0 asks for none
///   timeout: 10m           # of the pipeline run, default 24h
/// ```
package struct TriggerSpec: Sendable, Equatable {
    /// The trigger's name.
    package let name: String
    /// The monitor whose drift verdict fires the trigger; `nil`: by hand only.
    package let monitor: String?
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
            "cooldown", "budget", "minimum_labelled", "timeout",
        ])
        self.name = name
        monitor = try Self.monitor(fields)
        pipeline = try Self.nonEmpty(fields, "pipeline")
        parameters = try fields.optionalObject("parameters") ?? [:]
        gate = try Self.gate(fields)
        model = try Self.nonEmpty(fields, "model")
        alias = try Self.nonEmpty(fields, "alias")
        policy = TriggerStateMachine.Policy(
            cooldown: try fields.optionalDuration("cooldown") ?? .seconds(3600),
            budget: Int(clamping: try fields.optionalInt("budget", in: 1...10_000) ?? 24),
            minimumLabelled: Int(clamping: try fields.optionalInt("minimum_labelled", in: 0...100_000_000) ?? 1)
        )
        timeout = try fields.optionalDuration("timeout") ?? .seconds(86_400)
        self.definition = fields.object
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

    private static func monitor(_ fields: JSONFields) throws(MartletError) -> String? {
        guard let when = try fields.optionalFields("when") else { return nil }
        try when.rejectUnknown(["monitor"])
        return try nonEmpty(when, "monitor")
    }

    private static func gate(_ fields: JSONFields) throws(MartletError) -> GateRule {
        let gate = try fields.fields("gate")
        try gate.rejectUnknown(["metric", "min_delta", "minimum"])
        return GateRule(
            metric: try nonEmpty(gate, "metric"),
            minimumDelta: try gate.optionalDouble("min_delta", in: -1e12...1e12) ?? 0,
            minimum: try gate.optionalDouble("minimum", in: -1e12...1e12)
        )
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
