import Core
import Pipelines

/// A workflow's status as Martlet's tasks.
struct WorkflowStatus {
    /// One attempt to say how a task stands.
    struct Node: Equatable {
        /// The task; `train.0` for the first of a fan-out.
        let task: String
        /// The node's id, by which its pods are found.
        let id: String
        /// How it stands.
        let state: TaskState
        /// Why it failed, or what it waits for.
        let message: String?
        /// What it gave.
        let outputs: JSONObject
        /// The nodes whose pods did the work.
        let pods: [String]
    }

    /// How the workflow as a whole stands, such as `Running`.
    let phase: String
    /// Why.
    let message: String?
    /// The version of the object.
    let version: String
    /// The tasks, in the order of their names.
    let nodes: [Node]

    /// Whether nothing more will change.
    var isFinal: Bool { ["Succeeded", "Failed", "Error"].contains(phase) }

    /// Reads an object of the kind Workflow.
    ///
    /// - Throws: `failedPrecondition` for a status whose nodes are kept elsewhere.
    init(_ object: JSONValue, names: ArgoNames, spec: PipelineSpec) throws(MartletError) {
        let status = object["status"]
        phase = status?["phase"]?.stringValue ?? ""
        message = status?["message"]?.stringValue
        version = object["metadata"]?["resourceVersion"]?.stringValue ?? ""
        if status?["compressedNodes"]?.stringValue?.isEmpty == false
            || status?["offloadNodeStatusVersion"]?.stringValue?.isEmpty == false
        {
            throw MartletError(
                .failedPrecondition,
                "The workflow is so large that Argo compresses or offloads the state of its tasks, which Martlet does not "
                    + "read; divide the pipeline."
            )
        }
        let nodes = status?["nodes"]?.objectValue?.pairs ?? []
        let known = Dictionary(nodes) { first, _ in first }
        var found: [Node] = []
        for (id, node) in nodes {
            guard let task = Self.task(node, names: names, spec: spec) else { continue }
            let state = Self.state(node["phase"]?.stringValue)
            found.append(
                Node(
                    task: task,
                    id: id,
                    state: state,
                    message: Self.message(node, children: known),
                    outputs: Self.outputs(node, children: known),
                    pods: Self.pods(id, known)
                )
            )
        }
        self.nodes = found.sorted { $0.task < $1.task }
    }

    /// The task that a node stands for; nil for the graph itself, for single tries, and for what Argo adds.
    private static func task(_ node: JSONValue, names: ArgoNames, spec: PipelineSpec) -> String? {
        let kind = node["type"]?.stringValue ?? ""
        guard ["Pod", "Retry", "TaskGroup", "Skipped"].contains(kind) else { return nil }
        let shown = node["displayName"]?.stringValue ?? ""
        if let task = names.task(named: shown), spec.tasks.contains(where: { $0.name == task }) { return task }
        if let open = shown.firstIndex(of: "("), shown.hasSuffix(")") {
            // `train(0:small)` is one of a fan-out; `train(0)` is one try.
            let inside = shown[shown.index(after: open)...].dropLast()
            guard let colon = inside.firstIndex(of: ":"), let number = Int(inside[..<colon]),
                let task = names.task(named: String(shown[..<open]))
            else { return nil }
            return "\(task).\(number)"
        }
        // Hooks and the exit handler have names of Argo's own; their template says which task it is.
        guard shown.contains(".hooks.") || shown == "on-failure",
            let template = node["templateName"]?.stringValue
        else { return nil }
        return names.task(named: template)
    }

    private static func state(_ phase: String?) -> TaskState {
        switch phase {
        case "Running": .running
        case "Succeeded": .succeeded
        case "Failed", "Error": .failed
        case "Skipped", "Omitted": .skipped
        default: .pending
        }
    }

    private static func message(_ node: JSONValue, children: [String: JSONValue]) -> String? {
        if node["memoizationStatus"]?["hit"]?.boolValue == true { return "taken from Argo's memory" }
        return node["message"]?.stringValue
    }

    /// The outputs of a node; of a fan-out, lists of what each gave.
    private static func outputs(_ node: JSONValue, children: [String: JSONValue]) -> JSONObject {
        if node["type"]?.stringValue == "TaskGroup" {
            let each = (node["children"]?.arrayValue ?? []).compactMap { $0.stringValue.flatMap { children[$0] } }
                .sorted { number($0) < number($1) }.map { outputs($0, children: children) }
            var lists = JSONObject()
            for key in Set(each.flatMap(\.keys)).sorted() { lists[key] = .array(each.map { $0[key] ?? .null }) }
            return lists
        }
        for parameter in node["outputs"]?["parameters"]?.arrayValue ?? []
        where parameter["name"]?.stringValue == "outputs" {
            guard let text = parameter["value"]?.stringValue else { continue }
            return (try? JSONValue.parse(text))?.objectValue ?? [:]
        }
        return [:]
    }

    private static func number(_ node: JSONValue) -> Int {
        let shown = node["displayName"]?.stringValue ?? ""
        return Int(shown.drop { $0 != "(" }.dropFirst().prefix { $0.isNumber }) ?? 0
    }

    /// The nodes with pods: the node itself, or the tries below it in their order.
    private static func pods(_ id: String, _ nodes: [String: JSONValue]) -> [String] {
        guard let node = nodes[id] else { return [] }
        switch node["type"]?.stringValue {
        case "Pod": return [id]
        case "Retry":
            return (node["children"]?.arrayValue ?? []).compactMap(\.stringValue)
                .filter { nodes[$0]?["type"] == "Pod" }
                .sorted { number(nodes[$0] ?? .null) < number(nodes[$1] ?? .null) }
        default: return []
        }
    }
}
