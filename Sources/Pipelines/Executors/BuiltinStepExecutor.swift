package import Core

/// Runs built-in steps inside the server's process.
package struct BuiltinStepExecutor: StepExecutor {
    private let steps: [String: BuiltinStep]
    private let clock: Clock

    /// An executor of these steps.
    package init(steps: [BuiltinStep], clock: Clock) {
        self.steps = Dictionary(steps.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.clock = clock
    }

    package func execute(
        _ job: StepJob,
        log: @escaping @Sendable (String, LogLine.Stream) -> Void,
        progress: @escaping @Sendable (Double, String) -> Void
    ) async throws -> JSONObject {
        guard case .step(let name, let with) = job.action, let step = steps[name] else {
            throw MartletError(
                .notFound,
                "The task '\(job.task)' names a built-in step that this server does not have."
            )
        }
        try Task.checkCancellation()
        let context = StepContext(
            runID: job.runID,
            pipeline: job.pipeline,
            task: job.task,
            attempt: job.attempt,
            parameters: with,
            upstream: job.upstream,
            directory: job.directory,
            clock: clock,
            log: { log($0, .output) },
            progress: progress
        )
        return try await step.run(context)
    }
}
