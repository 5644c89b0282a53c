/// What a worker is and does.
package struct WorkerConfiguration: Sendable {
    /// Its name, unique among the workers that live.
    package var name: String
    /// The queues that it serves.
    package var queues: [String]
    /// Attempts that it runs at the same time.
    package var slots: Int
    /// The directory below which every attempt gets one of its own.
    package var workDirectory: String
    /// Where the files of pipelines lie on this host; nil for the same path as on the server.
    package var pipelines: String?
    /// How long attempts may go on after the worker was asked to stop.
    package var drain = PipelinesLimits.workerDrain
    /// The values of secrets by name.
    package var secrets: @Sendable ([String]) async throws -> [String: String]
    /// What runs attempts, by their action and by the address of the tracking server that the offer names.
    package var executor: @Sendable (TaskAction, _ trackingURI: String?) -> any StepExecutor
    /// Brings the artifacts of attempts, and takes those that they leave; nil for none.
    package var staging: ArtifactStaging?

    /// A worker.
    package init(
        name: String,
        queues: [String],
        slots: Int = PipelinesLimits.workerSlots,
        workDirectory: String,
        secrets: @escaping @Sendable ([String]) async throws -> [String: String],
        executor: @escaping @Sendable (TaskAction, _ trackingURI: String?) -> any StepExecutor
    ) {
        self.name = name
        self.queues = queues
        self.slots = slots
        self.workDirectory = workDirectory
        self.secrets = secrets
        self.executor = executor
    }
}
