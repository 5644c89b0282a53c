import Core
import Pipelines

/// A task's artifacts.
struct ArgoArtifacts {
    let scope: ArgoScope
    let notes: ArgoNotes

    /// What is put into the pod.
    func inputs() throws(MartletError) -> [JSONValue] {
        var inputs: [JSONValue] = []
        for input in scope.task.inputs {
            let source = scope.spec.tasks.first { $0.name == input.task }
            guard source?.fanOut == nil else {
                throw notes.refusal(
                    "\(scope.place).inputs.\(input.name)",
                    "the artifacts of a task that fans out have no common name there"
                )
            }
            inputs.append(["name": .string(input.name), "path": .string(Self.path(input.path))])
        }
        return inputs
    }

    /// What the task of the workflow hands the template.
    func arguments() -> [JSONValue] {
        scope.task.inputs.map { input in
            let task = scope.names.name(of: input.task)
            return [
                "name": .string(input.name),
                "from": .string("{{tasks.\(task).outputs.artifacts.\(input.artifact)}}"),
            ]
        }
    }

    /// What is kept of the pod.
    func outputs() throws(MartletError) -> [JSONValue] {
        scope.task.outputs.map { output in
            var artifact: JSONObject = [
                "name": .string(output.name), "path": .string(Self.path(output.path)), "archive": ["none": [:]],
            ]
            if let storage = scope.options.storage { artifact["s3"] = .object(place(output, storage)) }
            return .object(artifact)
        }
    }

    /// The place that Martlet itself would give it.
    private func place(_ output: OutputArtifact, _ storage: ArgoOptions.Storage) -> JSONObject {
        let run = scope.options.run?.id ?? "{{workflow.uid}}"
        let own = scope.task.fanOut == nil ? "" : "/{{pod.name}}"
        var place: JSONObject = ["bucket": .string(storage.bucket)]
        if let endpoint = storage.endpoint { place["endpoint"] = .string(endpoint) }
        if let region = storage.region { place["region"] = .string(region) }
        if storage.isInsecure { place["insecure"] = true }
        place["key"] = .string("pipelines/\(run)/\(scope.task.name)\(own)/\(output.name)")
        if let secret = storage.secret {
            place["accessKeySecret"] = ["name": .string(secret), "key": "accesskey"]
            place["secretKeySecret"] = ["name": .string(secret), "key": "secretkey"]
        } else {
            place["useSDKCreds"] = true
        }
        return place
    }

    private static func path(_ relative: String) -> String { "\(ArgoTemplate.directory)/\(relative)" }
}
