/// A step that the binary brings along, such as `data.ingest`: features offer them, pipelines run them.
///
/// It stands in Core because the features that offer steps and the one that runs them must not import each other.
package struct BuiltinStep: Sendable {
    /// The name in a pipeline file, noun and verb: `learning.tune`.
    package let name: String
    /// One line for people.
    package let summary: String
    /// What `with:` accepts; other keys are refused.
    package let parameters: [StepParameter]
    /// Does the work and returns the task's outputs; cancelled by task cancellation.
    package let run: @Sendable (StepContext) async throws -> JSONObject

    /// Makes a step.
    package init(
        name: String,
        summary: String,
        parameters: [StepParameter],
        run: @escaping @Sendable (StepContext) async throws -> JSONObject
    ) {
        self.name = name
        self.summary = summary
        self.parameters = parameters
        self.run = run
    }
}

/// One key that a built-in step accepts under `with:`.
package struct StepParameter: Sendable, Equatable {
    /// The key.
    package let name: String
    /// One line for people.
    package let summary: String
    /// Whether the key must be there.
    package let isRequired: Bool

    /// Makes a parameter.
    package init(_ name: String, _ summary: String, isRequired: Bool = false) {
        self.name = name
        self.summary = summary
        self.isRequired = isRequired
    }
}

/// What a running step is given.
package struct StepContext: Sendable {
    /// The pipeline run.
    package let runID: String
    /// The pipeline's name.
    package let pipeline: String
    /// The task's name in the pipeline.
    package let task: String
    /// Which attempt this is, from 1.
    package let attempt: Int
    /// The `with:` values, substituted.
    package let parameters: JSONObject
    /// The outputs of every task that this one needs, by task name.
    package let upstream: [String: JSONObject]
    /// A directory of the task's own, removed after the run's retention.
    package let directory: String
    /// Appends one line to the task's log.
    package let log: @Sendable (String) -> Void
    /// Reports how far the work is (0 to 1) and what it does.
    package let progress: @Sendable (Double, String) -> Void
    /// The time.
    package let clock: Clock

    /// Makes a context.
    package init(
        runID: String,
        pipeline: String,
        task: String,
        attempt: Int,
        parameters: JSONObject,
        upstream: [String: JSONObject],
        directory: String,
        clock: Clock,
        log: @escaping @Sendable (String) -> Void,
        progress: @escaping @Sendable (Double, String) -> Void
    ) {
        self.runID = runID
        self.pipeline = pipeline
        self.task = task
        self.attempt = attempt
        self.parameters = parameters
        self.upstream = upstream
        self.directory = directory
        self.clock = clock
        self.log = log
        self.progress = progress
    }
}
