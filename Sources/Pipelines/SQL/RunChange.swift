package import Core

/// One thing to record about a run; those that belong together go into one write.
package enum RunChange: Sendable {
    /// A waiting attempt starts; `marker` is in the environment of its processes.
    case start(task: String, attempt: Int, marker: String)
    /// An attempt that ran has ended.
    case end(task: String, attempt: Int, state: TaskState, error: String?, outputs: JSONObject?)
    /// A waiting attempt will never start.
    case drop(task: String, attempt: Int, state: TaskState, error: String?)
    /// Another attempt waits from now on.
    case plan(task: String, attempt: Int, at: Timestamp)
    /// Lines and progress of an attempt.
    case log(task: String, attempt: Int, TaskLog.Batch)
    /// The run has ended.
    case finish(RunState, error: String?)
}
