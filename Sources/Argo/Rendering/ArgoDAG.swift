import Core
import Pipelines

/// The tasks of a workflow and their templates.
struct ArgoDAG {
    let spec: PipelineSpec
    let names: ArgoNames
    let options: ArgoOptions
    let notes: ArgoNotes

    /// The templates: the graph first, then one for each task and each that runs on a failure.
    func templates() throws(MartletError) -> [JSONValue] {
        var tasks: [JSONValue] = []
        var templates: [JSONValue] = []
        for task in spec.tasks {
            let scope = scope(task, place: "pipelines.\(spec.name).tasks.\(task.name)")
            let template = try ArgoTemplate(scope, notes: notes)
            templates.append(.object(template.object))
            tasks.append(.object(try node(task, scope, template)))
            guard case .handler(let handler) = task.onFailure else { continue }
            var inner = self.scope(handler, place: "\(scope.place).on_failure")
            inner.owner = task.name
            inner.isHandler = true
            let handling = try ArgoTemplate(inner, notes: notes)
            templates.append(.object(handling.object))
        }
        var graph: JSONObject = ["name": "pipeline"]
        if let parallel = spec.parallel { graph["parallelism"] = .int(parallel) }
        // Branches that do not need the failed task go on, as in Martlet.
        graph["dag"] = ["failFast": false, "tasks": .array(tasks)]
        return [.object(graph)] + templates + (try exit())
    }

    private func scope(_ task: TaskSpec, place: String) -> ArgoScope {
        ArgoScope(spec: spec, names: names, options: options, task: task, place: place)
    }

    private func node(
        _ task: TaskSpec,
        _ scope: ArgoScope,
        _ template: ArgoTemplate
    ) throws(MartletError) -> JSONObject {
        let name = names.name(of: task.name)
        var node: JSONObject = ["name": .string(name), "template": .string(name)]
        if !task.needs.isEmpty { node["depends"] = .string(depends(task)) }
        if let condition = task.condition {
            node["when"] = .string(try ArgoExpression(scope: scope, notes: notes).when(condition))
        }
        var arguments = JSONObject()
        if !template.arguments.isEmpty {
            arguments["parameters"] = .array(
                template.arguments.map { ["name": .string($0.name), "value": .string($0.value)] }
            )
        }
        let artifacts = ArgoArtifacts(scope: scope, notes: notes).arguments()
        if !artifacts.isEmpty { arguments["artifacts"] = .array(artifacts) }
        if arguments.count > 0 { node["arguments"] = .object(arguments) }
        if let fan = task.fanOut {
            let (key, value) = try ArgoFanOut(scope: scope, notes: notes).rendered(fan)
            node[key] = value
        }
        if case .handler(let handler) = task.onFailure {
            node["hooks"] = [
                "failed": [
                    "template": .string(names.name(of: handler.name)),
                    "expression": .string("tasks['\(name)'].status in ['Failed', 'Error']"),
                ]
            ]
        }
        return node
    }

    /// What must have come before: what Martlet waits for, said in full, since Argo's own rule takes a skipped task for
    /// one that succeeded.
    private func depends(_ task: TaskSpec) -> String {
        let asksForStates = task.condition?.asksForStates ?? false
        return task.needs.map { need in
            let name = names.name(of: need)
            if asksForStates {
                return "(\(name).Succeeded || \(name).Failed || \(name).Errored || \(name).Skipped || \(name).Omitted)"
            }
            if spec.tasks.first(where: { $0.name == need })?.onFailure == .proceed {
                return "(\(name).Succeeded || \(name).Failed || \(name).Errored)"
            }
            return "\(name).Succeeded"
        }.joined(separator: " && ")
    }

    /// The pipeline's own handler, which runs when the workflow has failed.
    private func exit() throws(MartletError) -> [JSONValue] {
        guard let handler = spec.onFailure else { return [] }
        var scope = scope(handler, place: "pipelines.\(spec.name).on_failure")
        scope.isHandler = true
        let template = try ArgoTemplate(scope, notes: notes)
        return [
            [
                "name": "on-exit",
                "steps": [
                    [
                        [
                            "name": "on-failure", "template": .string(names.name(of: handler.name)),
                            "when": "{{workflow.status}} != Succeeded",
                        ]
                    ]
                ],
            ],
            .object(template.object),
        ]
    }
}
