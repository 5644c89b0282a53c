import Core

extension PipelineSpec {
    /// The pipeline as the API shows it: the graph as nodes with levels, and edges.
    var json: JSONValue {
        let nodes = zip(tasks, levels).map { task, level in
            var node: JSONObject = [
                "task": .string(task.name), "kind": .string(task.action.kind), "level": .int(level),
                "retries": .int(task.retries), "backoff_ms": .integer(task.backoff.wholeMilliseconds),
                "timeout_ms": .integer(task.timeout.wholeMilliseconds),
            ]
            switch task.action {
            case .step(let name, let with):
                node["step"] = .string(name)
                node["with"] = .object(with)
            case .command(let words): node["run"] = .array(words.map(JSONValue.string))
            case .script(let text): node["script"] = .string(text)
            case .container(let container): node["image"] = .string(container.image)
            }
            return JSONValue.object(node)
        }
        let edges = tasks.flatMap { task in
            task.needs.map { need -> JSONValue in ["from": .string(need), "to": .string(task.name)] }
        }
        return [
            "name": .string(name), "parameters": .object(parameters), "nodes": .array(nodes), "edges": .array(edges),
        ]
    }
}
