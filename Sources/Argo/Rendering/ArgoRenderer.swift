package import Core
package import Pipelines

/// Compiles a pipeline into objects of Argo Workflows.
package enum ArgoRenderer {
    static let apiVersion: JSONValue = "argoproj.io/v1alpha1"

    /// Renders one pipeline.
    ///
    /// - Parameters:
    ///   - spec: the pipeline.
    ///   - options: which object, and where things are.
    /// - Returns: the objects, and what is different there.
    /// - Throws: `unimplemented` naming what Argo cannot do, `payloadTooLarge` for an object that no API server takes.
    package static func render(_ spec: PipelineSpec, _ options: ArgoOptions) throws(MartletError) -> ArgoRendering {
        let notes = ArgoNotes()
        let workflow = try workflowSpec(spec, options, notes)
        var objects = configuration(spec, options, notes)
        switch options.kind {
        case .workflow: objects.append(self.workflow(spec, workflow, options))
        case .template:
            objects.append(
                object("WorkflowTemplate", name: ArgoNames.object(spec.name), spec, options, .object(workflow))
            )
        case .cron: objects += try ArgoCron(spec: spec, options: options, notes: notes).objects(workflow)
        }
        for object in objects {
            let size = object.serialized().count
            guard size <= ArgoLimits.objectBytes else {
                throw MartletError(
                    .payloadTooLarge,
                    "The pipeline '\(spec.name)' becomes an object of \(size) bytes; an API server stores at most "
                        + "\(ArgoLimits.objectBytes). Divide the pipeline."
                )
            }
        }
        return ArgoRendering(objects: objects, warnings: notes.warnings)
    }

    /// An object with the names and labels that all have.
    static func object(
        _ kind: String,
        name: String,
        _ spec: PipelineSpec,
        _ options: ArgoOptions,
        _ body: JSONValue
    ) -> JSONValue {
        [
            "apiVersion": apiVersion, "kind": .string(kind),
            "metadata": .object(metadata(["name": .string(name)], spec, options)), "spec": body,
        ]
    }

    static func metadata(_ name: JSONObject, _ spec: PipelineSpec, _ options: ArgoOptions) -> JSONObject {
        var metadata = name
        if let namespace = options.namespace { metadata["namespace"] = .string(namespace) }
        var labels: JSONObject = [
            "app.kubernetes.io/managed-by": "martlet",
            "martlet.dev/pipeline": .string(ArgoNames.object(spec.name)),
        ]
        if let run = options.run { labels["martlet.dev/run"] = .string(run.id) }
        metadata["labels"] = .object(labels)
        return metadata
    }

    private static func workflow(_ spec: PipelineSpec, _ workflow: JSONObject, _ options: ArgoOptions) -> JSONValue {
        guard let run = options.run else {
            return [
                "apiVersion": apiVersion, "kind": "Workflow",
                "metadata": .object(
                    metadata(["generateName": .string("\(ArgoNames.object(spec.name))-")], spec, options)
                ),
                "spec": .object(workflow),
            ]
        }
        return object("Workflow", name: ArgoNames.workflow(spec.name, run: run.id), spec, options, .object(workflow))
    }

    private static func workflowSpec(
        _ spec: PipelineSpec,
        _ options: ArgoOptions,
        _ notes: ArgoNotes
    ) throws(MartletError) -> JSONObject {
        let names = ArgoNames(spec)
        var workflow: JSONObject = ["entrypoint": "pipeline"]
        let parameters = ArgoParameters.declared(spec, given: options.run?.parameters)
        if !parameters.isEmpty { workflow["arguments"] = ["parameters": .array(parameters)] }
        if let account = options.serviceAccount { workflow["serviceAccountName"] = .string(account) }
        if spec.priority != 0 { workflow["priority"] = .int(spec.priority) }
        if let rule = concurrency(spec, options, notes) { workflow["synchronization"] = rule }
        if spec.onFailure != nil { workflow["onExit"] = "on-exit" }
        let dag = ArgoDAG(spec: spec, names: names, options: options, notes: notes)
        workflow["templates"] = .array(try dag.templates())
        return workflow
    }

    /// How many workflows of the pipeline there may be at once.
    private static func concurrency(_ spec: PipelineSpec, _ options: ArgoOptions, _ notes: ArgoNotes) -> JSONValue? {
        // Martlet itself holds its own runs back before it hands them over.
        guard let limit = spec.concurrency.limit, options.run == nil else { return nil }
        if options.kind == .cron, limit == 1, spec.concurrency.overlap != .queue { return nil }
        if spec.concurrency.overlap != .queue {
            notes.warn(
                "'pipelines.\(spec.name).concurrency.overlap': '\(spec.concurrency.overlap.rawValue)' holds in Argo only "
                    + "for a CronWorkflow and a limit of 1; here a further workflow waits."
            )
        }
        let name = "martlet-\(ArgoNames.object(spec.name))"
        if limit == 1 { return ["mutexes": [["name": .string(name)]]] }
        return ["semaphores": [["configMapKeyRef": ["name": "martlet-pools", "key": .string(name)]]]]
    }

    /// The ConfigMap that says how many places pools have.
    private static func configuration(
        _ spec: PipelineSpec,
        _ options: ArgoOptions,
        _ notes: ArgoNotes
    ) -> [JSONValue] {
        var sizes = JSONObject()
        for (name, slots) in spec.pools.sorted(by: { $0.key < $1.key }) { sizes[name] = .string("\(slots)") }
        if let limit = spec.concurrency.limit, limit > 1, options.run == nil {
            sizes["martlet-\(ArgoNames.object(spec.name))"] = .string("\(limit)")
        }
        guard sizes.count > 0 else { return [] }
        if spec.tasks.contains(where: { $0.pool != nil }) {
            notes.warn(
                "Pools are keys of the ConfigMap martlet-pools, which pipelines of a namespace share; Martlet's own runs "
                    + "do not count there."
            )
        }
        var metadata: JSONObject = ["name": "martlet-pools"]
        if let namespace = options.namespace { metadata["namespace"] = .string(namespace) }
        metadata["labels"] = ["app.kubernetes.io/managed-by": "martlet"]
        return [["apiVersion": "v1", "kind": "ConfigMap", "metadata": .object(metadata), "data": .object(sizes)]]
    }
}
