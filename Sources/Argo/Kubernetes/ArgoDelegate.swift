package import Core
package import Pipelines

/// A run as the cluster gets it.
package struct ClusterRun: Sendable {
    /// Its id.
    package let id: String
    /// The pipeline.
    package let spec: PipelineSpec
    /// The values of its parameters.
    package let parameters: JSONObject
    /// The time that it is for.
    package let time: Timestamp
    /// How its tasks stood when they were recorded last, by name.
    package let known: [String: TaskState]
    /// Yields when the run is to be stopped.
    package let cancelled: AsyncStream<Void>

    /// Describes a run.
    package init(
        id: String,
        spec: PipelineSpec,
        parameters: JSONObject,
        time: Timestamp,
        known: [String: TaskState],
        cancelled: AsyncStream<Void>
    ) {
        self.id = id
        self.spec = spec
        self.parameters = parameters
        self.time = time
        self.known = known
        self.cancelled = cancelled
    }
}

/// Runs whole pipelines in a cluster: submits a Workflow, follows it, and ends it when it is to be cancelled.
///
/// The workflow's name is made of the run's id, so a run that is submitted twice is one workflow, and a server that comes
/// back finds it.
package struct ArgoDelegate: RunDelegate {
    private let client: KubernetesClient
    private let options: ArgoOptions
    private let clock: Clock

    /// Uses one cluster.
    ///
    /// - Parameters:
    ///   - access: how its API server is reached; workflows are made in its namespace.
    ///   - options: the images and places of workflows.
    ///   - clock: the pauses.
    /// - Throws: `failedPrecondition` for certificates or keys that cannot be read.
    package init(access: KubernetesAccess, options: ArgoOptions, clock: Clock = .system) throws(MartletError) {
        client = try KubernetesClient(access, clock: clock)
        var options = options
        options.kind = .workflow
        options.namespace = access.namespace
        self.options = options
        self.clock = clock
    }

    /// Submits or finds the workflow of a run and reports its tasks until it has ended.
    ///
    /// - Throws: why the run cannot go on there; what `report` throws.
    package func follow(
        _ run: DelegatedRun,
        report: @escaping @Sendable (TaskReport) async throws -> Void
    ) async throws {
        let known = Dictionary(run.tasks.map { ($0.task, $0.state) }) { _, last in last }
        try await follow(
            ClusterRun(
                id: run.id,
                spec: run.spec,
                parameters: run.parameters,
                time: run.time,
                known: known,
                cancelled: run.cancelled
            ),
            report: report
        )
    }

    /// Submits or finds the workflow of a run and reports its tasks until it has ended.
    ///
    /// - Parameters:
    ///   - run: the run.
    ///   - report: takes what a task did, each change once.
    /// - Throws: why the run cannot go on there; what `report` throws.
    package func follow(
        _ run: ClusterRun,
        report: @escaping @Sendable (TaskReport) async throws -> Void
    ) async throws {
        var options = options
        options.run = ArgoOptions.Run(id: run.id, parameters: run.parameters, time: run.time)
        let rendering = try ArgoRenderer.render(run.spec, options)
        let follower = WorkflowFollower(
            client: client,
            run: run,
            name: ArgoNames.workflow(run.spec.name, run: run.id),
            names: ArgoNames(run.spec),
            report: report
        )
        do {
            try await follower.submit(rendering.objects)
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    try await follower.follow()
                    return true
                }
                group.addTask {
                    for await _ in run.cancelled {
                        try await follower.terminate()
                        break
                    }
                    return false
                }
                while let isFollowed = try await group.next() {
                    guard isFollowed else { continue }
                    group.cancelAll()
                    return
                }
            }
        } catch let failure as KubernetesFailure {
            throw failure.error
        }
    }
}
