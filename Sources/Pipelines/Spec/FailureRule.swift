/// What comes of a task that failed for good.
package indirect enum FailureRule: Sendable, Equatable {
    /// The run fails, and what needs the task is skipped.
    case fail
    /// The run goes on as if the task had succeeded without outputs.
    case proceed
    /// As `fail`, and this task runs.
    case handler(TaskSpec)
}
