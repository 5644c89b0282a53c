package import Core

/// One attempt of a task, ready to run: every reference filled in.
package struct StepJob: Sendable {
    /// The pipeline run.
    package let runID: String
    /// The pipeline's name.
    package let pipeline: String
    /// The task's name.
    package let task: String
    /// Which attempt it is, from 1.
    package let attempt: Int
    /// What to do.
    package let action: TaskAction
    /// Environment variables that the task declares.
    package let environment: [String: String]
    /// The names of secrets by the environment variables that shall hold their values.
    package let secretNames: [String: String]
    /// The values of secrets by environment variable; for the command alone, never recorded.
    package internal(set) var secrets: [String: String] = [:]
    /// What the task may use.
    package let resources: TaskResources
    /// The run's parameters.
    package let parameters: JSONObject
    /// Outputs of the tasks that this one needs, by task.
    package let upstream: [String: JSONObject]
    /// An empty directory of the attempt's own.
    package let directory: String
    /// The manifest's directory.
    package let pipelineDirectory: String
    /// A random text in the environment of every process of the attempt, by which they are found again.
    package let marker: String
    /// Takes what the attempt used.
    package let meter = TaskMeter()
    /// The value that it runs for, in a fan-out.
    package var item: JSONValue?
    /// The artifacts that are put into its directory before it starts.
    package var inputs: [StagedInput] = []
    /// The artifacts that it is to leave.
    package var outputs: [OutputArtifact] = []
    /// Takes the artifacts that it left.
    package let basket = ArtifactBasket()
    /// Says whether a cancellation is meant for the attempt, not for its server.
    package let stop = StopFlag()

    /// Makes a job.
    package init(
        runID: String,
        pipeline: String,
        task: String,
        attempt: Int,
        action: TaskAction,
        environment: [String: String] = [:],
        secretNames: [String: String] = [:],
        resources: TaskResources = TaskResources(),
        parameters: JSONObject = [:],
        upstream: [String: JSONObject] = [:],
        directory: String,
        pipelineDirectory: String,
        marker: String
    ) {
        self.runID = runID
        self.pipeline = pipeline
        self.task = task
        self.attempt = attempt
        self.action = action
        self.environment = environment
        self.secretNames = secretNames
        self.resources = resources
        self.parameters = parameters
        self.upstream = upstream
        self.directory = directory
        self.pipelineDirectory = pipelineDirectory
        self.marker = marker
    }
}

/// Runs attempts of one kind of task.
///
/// An executor returns the outputs of an attempt that ended well and throws for one that did not. When its Swift task is
/// cancelled it stops the work, waits until nothing of it runs any more, and throws.
package protocol StepExecutor: Sendable {
    /// Whether it stages the job's artifacts itself, where the work is done, and fills the job's basket.
    var stagesArtifacts: Bool { get }

    /// Runs one attempt to its end.
    ///
    /// - Parameters:
    ///   - job: What to run.
    ///   - log: Takes each line, from any thread.
    ///   - progress: Takes how far the work is (0 to 1) and what it does.
    /// - Returns: The outputs.
    /// - Throws: Why the attempt did not end well; anything after its task was cancelled.
    func execute(
        _ job: StepJob,
        log: @escaping @Sendable (String, LogLine.Stream) -> Void,
        progress: @escaping @Sendable (Double, String) -> Void
    ) async throws -> JSONObject
}

extension StepExecutor {
    /// No: whoever calls it stages them in the job's directory.
    package var stagesArtifacts: Bool { false }
}
