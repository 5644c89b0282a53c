import Core
import Pipelines

/// Conditions as expressions of Argo.
///
/// Argo reads a text that has both `?` and `:` as a choice of its own making, so neither is ever written together.
struct ArgoExpression {
    let scope: ArgoScope
    let notes: ArgoNotes

    /// A value as text: texts as they are, anything else as JSON, which is what Martlet fills in.
    static func written(_ value: String) -> String {
        "let v = \(value); sprig.ternary(v, toJson(v), type(v) == 'string')"
    }

    /// A text in quotes.
    static func text(_ text: String, place: String, notes: ArgoNotes) throws(MartletError) -> String {
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0 != "?" }), !text.contains("{{"),
            !text.contains("}}")
        else {
            throw notes.refusal(place, "the text '\(text.prefix(40))' cannot stand in an expression of Argo")
        }
        return "'\(text.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
    }

    /// A task's condition.
    func when(_ condition: Condition) throws(MartletError) -> String {
        let text = try write(condition.expression)
        return "{{=\(text)}}"
    }

    private func write(_ expression: Condition.Expression) throws(MartletError) -> String {
        switch expression {
        case .literal(let value): return try literal(value)
        case .list(let parts):
            var written: [String] = []
            for part in parts { written.append(try write(part)) }
            return "[\(written.joined(separator: ", "))]"
        case .reference(let reference): return try value(reference)
        case .not(let part): return "!(\(try write(part)))"
        case .and(let left, let right): return "(\(try write(left)) && \(try write(right)))"
        case .or(let left, let right): return "(\(try write(left)) || \(try write(right)))"
        case .compare(let comparison, let left, let right):
            return "(\(try write(left)) \(comparison.rawValue) \(try write(right)))"
        case .state(let state, let task):
            let status = "tasks['\(scope.names.name(of: task))'].status"
            switch state {
            case .succeeded: return "(\(status) == 'Succeeded')"
            case .failed: return "(\(status) in ['Failed', 'Error'])"
            default: return "(\(status) in ['Skipped', 'Omitted'])"
            }
        case .always: return "true"
        }
    }

    private var place: String { "\(scope.place).when" }

    private func literal(_ value: JSONValue) throws(MartletError) -> String {
        switch value {
        case .string(let text): return try Self.text(text, place: place, notes: notes)
        case .null: return "nil"
        case .array, .object: throw notes.refusal(place, "it compares with \(value.kind)")
        default: return value.description
        }
    }

    private func value(_ reference: ValueTemplate.Reference) throws(MartletError) -> String {
        switch reference {
        case .parameter(let name): return ArgoParameters.typed(name, in: scope.spec, notes: notes)
        case .output(let task, let key):
            return try ArgoOutput.member(task, key, scope: scope, place: place, notes: notes)
        case .runID: return scope.options.run.map { "'\($0.id)'" } ?? "workflow.uid"
        case .directory, .time, .item, .index, .axis, .input, .artifact, .failure:
            throw notes.refusal(place, "it asks for something that Argo does not know when it decides")
        }
    }
}

/// The parameters of a pipeline, which are texts in Argo.
enum ArgoParameters {
    /// A parameter's value with its type, as an expression.
    static func typed(_ name: String, in spec: PipelineSpec, notes: ArgoNotes) -> String {
        let value = "workflow.parameters['\(name)']"
        switch spec.parameterSpecs.first(where: { $0.name == name })?.kind {
        case .string: return value
        case .any, nil:
            notes.warn("'parameters.\(name)' has no type: in Argo its value is text; declare it as {type: …}.")
            return value
        default: return "fromJSON(\(value))"
        }
    }

    /// All of them as a JSON object, as an expression.
    static func object(_ spec: PipelineSpec, notes: ArgoNotes) -> String {
        guard !spec.parameterSpecs.isEmpty else { return "{}" }
        let members = spec.parameterSpecs.map { "'\($0.name)', \(typed($0.name, in: spec, notes: notes))" }
        // No map literal: its colons would meet a question mark in a name that another release allows.
        return "{{=toJson(sprig.dict(\(members.joined(separator: ", "))))}}"
    }

    /// How a workflow declares them; `given` are those of a run.
    static func declared(_ spec: PipelineSpec, given: JSONObject?) -> [JSONValue] {
        spec.parameterSpecs.map { parameter in
            var declared: JSONObject = ["name": .string(parameter.name)]
            if let summary = parameter.summary { declared["description"] = .string(summary) }
            if !parameter.choices.isEmpty { declared["enum"] = .array(parameter.choices.map { .string(text($0)) }) }
            if let value = given?[parameter.name] ?? parameter.standard, value != .null || given != nil {
                declared["value"] = .string(text(value))
            }
            return .object(declared)
        }
    }

    /// A value as Martlet fills it into text.
    static func text(_ value: JSONValue) -> String {
        value.stringValue ?? value.description
    }
}
