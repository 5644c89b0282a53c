package import Core

/// A run that is handed over as a whole.
package struct DelegatedRun: Sendable {
    /// The run's id, which names what the delegate makes of it.
    package let id: String
    /// The pipeline as it was when the run was asked for.
    package let spec: PipelineSpec
    /// The values of its parameters.
    package let parameters: JSONObject
    /// The manifest's directory.
    package let directory: String
    /// The time that the run is for.
    package let time: Timestamp
    /// What is known of its tasks already, after a restart.
    package let tasks: [TaskRun]
    /// Ends or yields when the run is to be stopped.
    package let cancelled: AsyncStream<Void>
}

/// What a delegate says of one task.
package struct TaskReport: Sendable {
    /// The task's name; `train.0` for the first of a fan-out.
    package let task: String
    /// How it stands; a final state is recorded once and repeated reports of it change nothing.
    package let state: TaskState
    /// Why it failed, or what it does.
    package let message: String?
    /// What it gave.
    package let outputs: JSONObject
    /// Lines of its log since the last report.
    package let lines: [String]
    /// How far it is, 0 to 1.
    package let fraction: Double

    /// Makes a report.
    package init(
        task: String,
        state: TaskState,
        message: String? = nil,
        outputs: JSONObject = [:],
        lines: [String] = [],
        fraction: Double = 0
    ) {
        self.task = task
        self.state = state
        self.message = message
        self.outputs = outputs
        self.lines = lines
        self.fraction = fraction
    }
}

/// Who runs whole pipelines elsewhere, under this server's lease and record.
///
/// A delegate is idempotent by the run's id: after a restart `follow` is called again and goes on with what is there.
package protocol RunDelegate: Sendable {
    /// Starts the run elsewhere, or finds it, and reports its tasks until it has ended.
    ///
    /// When it returns, the run has ended: it failed if a task did. When it throws, the run failed for that reason.
    /// When its Swift task is cancelled the server stops: the run goes on elsewhere and is followed later.
    ///
    /// - Parameters:
    ///   - run: The run.
    ///   - report: Records what a task did; throws when another server has the run.
    /// - Throws: Why the run failed, or anything after its Swift task was cancelled.
    func follow(_ run: DelegatedRun, report: @escaping @Sendable (TaskReport) async throws -> Void) async throws
}
