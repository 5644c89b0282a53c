import Core
import Pipelines

/// Where a value stands, and what it may therefore name.
struct ArgoScope {
    let spec: PipelineSpec
    let names: ArgoNames
    let options: ArgoOptions
    /// The task whose values they are.
    let task: TaskSpec
    /// The task that failed, for one that handles it; nil for the pipeline's own handler.
    var owner: String?
    /// Whether the task runs because another failed.
    var isHandler = false
    /// Where messages say it is.
    let place: String
}

/// Text of a pipeline as text of a workflow: references become Argo's, and nothing else in it is one.
struct ArgoText {
    let scope: ArgoScope
    let notes: ArgoNotes
    /// The outputs that were named; each becomes an input of the template.
    private(set) var outputs: [ArgoOutput] = []
    /// Whether the value of a fan-out was named.
    private(set) var namesItem = false
    /// The axes of a matrix that were named.
    private(set) var axes: [String] = []
    /// The parameters that were named.
    private(set) var parameters: [String] = []

    init(_ scope: ArgoScope, notes: ArgoNotes) {
        self.scope = scope
        self.notes = notes
    }

    /// Text that no reference stands in, as it must be written so that Argo reads none.
    static func literal(_ text: String, place: String, notes: ArgoNotes) throws(MartletError) -> String {
        guard !text.contains("{{") else {
            throw notes.refusal(
                place,
                "it holds '{{', which Argo takes for a value of its own and which cannot be escaped"
            )
        }
        return text
    }

    /// Text with its references.
    mutating func text(_ text: String, place: String) throws(MartletError) -> String {
        let references = try ValueTemplate(text, path: place).references
        var position = 0
        var result = ""
        var rest = text[...]
        while !rest.isEmpty {
            if rest.hasPrefix("$${") {
                result += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${"), let end = rest.firstIndex(of: "}"), position < references.count {
                result += try value(references[position], place: place)
                position += 1
                rest = rest[rest.index(after: end)...]
            } else if rest.hasPrefix("{{") {
                throw notes.refusal(
                    place,
                    "it holds '{{', which Argo takes for a value of its own and which cannot be escaped"
                )
            } else if let first = rest.first {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return result
    }

    /// A word of a container's command or environment, where Kubernetes reads `$(NAME)` and `$$`.
    mutating func word(_ text: String, place: String) throws(MartletError) -> String {
        let written = try self.text(text, place: place)
        return written.contains("$(") || written.contains("$$") ? written.replacing("$", with: "$$") : written
    }

    /// A reference as Argo writes it.
    private mutating func value(_ reference: ValueTemplate.Reference, place: String) throws(MartletError) -> String {
        switch reference {
        case .parameter(let name):
            if !parameters.contains(name) { parameters.append(name) }
            return "{{workflow.parameters.\(name)}}"
        case .output(let task, let key):
            let output = try ArgoOutput(task, key, scope: scope, place: place, notes: notes)
            if !outputs.contains(output) { outputs.append(output) }
            return "{{inputs.parameters.\(output.input)}}"
        case .directory:
            guard let directory = scope.options.directory else {
                throw notes.refusal(
                    place,
                    "a pod does not have the manifest's directory; put the files into the image and name their folder "
                        + "with --directory"
                )
            }
            return directory
        case .runID: return scope.options.run?.id ?? "{{workflow.uid}}"
        case .time(let isDay): return time(isDay: isDay)
        case .item(let path):
            namesItem = true
            if path.isEmpty { return "{{inputs.parameters.item}}" }
            var member = "fromJSON(inputs.parameters.item)"
            for key in path {
                member = "get(\(member), \(try ArgoExpression.text(key, place: place, notes: notes)))"
            }
            return "{{=\(ArgoExpression.written(member))}}"
        case .axis(let name):
            if !axes.contains(name) { axes.append(name) }
            return "{{inputs.parameters.matrix-\(name)}}"
        case .index:
            throw notes.refusal(place, "Argo does not number the values of a fan-out; take what you need into them")
        case .input(let name): return scope.task.inputs.first { $0.name == name }?.path ?? name
        case .artifact(let name): return scope.task.outputs.first { $0.name == name }?.path ?? name
        case .failure(let what): return try failure(what, place: place)
        }
    }

    private func time(isDay: Bool) -> String {
        if let run = scope.options.run { return isDay ? String(run.time.iso8601.prefix(10)) : run.time.iso8601 }
        if scope.options.kind == .cron {
            return isDay ? "{{=sprig.substr(0, 10, workflow.scheduledTime)}}" : "{{workflow.scheduledTime}}"
        }
        return isDay
            ? "{{=sprig.substr(0, 10, workflow.creationTimestamp.RFC3339)}}" : "{{workflow.creationTimestamp.RFC3339}}"
    }

    private func failure(_ what: String, place: String) throws(MartletError) -> String {
        if scope.owner == nil {
            notes.warn("'\(place)': ${failure.\(what)} is the list of all failures there, as JSON.")
            return "{{workflow.failures}}"
        }
        guard what == "task", let owner = scope.owner else {
            throw notes.refusal(place, "Argo does not tell a hook why its task failed")
        }
        return owner
    }
}

/// One output of an earlier task that a task names.
struct ArgoOutput: Equatable {
    /// The task.
    let task: String
    /// The key of its outputs.
    let key: String
    /// The name of the template's input.
    let input: String
    /// The value, as the task of the workflow is given it.
    let value: String

    init(
        _ task: String,
        _ key: String,
        scope: ArgoScope,
        place: String,
        notes: ArgoNotes
    ) throws(MartletError) {
        self.task = task
        self.key = key
        input = "\(scope.names.name(of: task))-\(ArgoOutput.plain(key))"
        value = "{{=\(ArgoExpression.written(try Self.member(task, key, scope: scope, place: place, notes: notes)))}}"
    }

    /// The member of a task's outputs as an expression; of a task that fans out, the list of what each gave.
    static func member(
        _ task: String,
        _ key: String,
        scope: ArgoScope,
        place: String,
        notes: ArgoNotes
    ) throws(MartletError) -> String {
        guard !scope.isHandler else {
            throw notes.refusal(place, "a hook cannot be given outputs; pass what it needs by a parameter")
        }
        let key = try ArgoExpression.text(key, place: place, notes: notes)
        let source = scope.spec.tasks.first { $0.name == task }
        if source?.condition != nil || source?.onFailure == .proceed {
            notes.warn(
                "'\(place)': the outputs of '\(task)' are null in Martlet when it was skipped or failed; Argo stops with "
                    + "an error there."
            )
        }
        let outputs = "tasks['\(scope.names.name(of: task))'].outputs.parameters.outputs"
        return source?.fanOut == nil
            ? "get(fromJSON(\(outputs)), \(key))" : "map(fromJSON(\(outputs)), get(#, \(key)))"
    }

    private static func plain(_ key: String) -> String {
        String(
            key.unicodeScalars.map { scalar -> Character in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "_": Character(scalar)
                default: "-"
                }
            }
        )
    }
}
