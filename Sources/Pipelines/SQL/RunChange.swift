package import Core

/// One thing to record about a run; those that belong together go into one write.
package enum RunChange: Sendable {
    /// A waiting attempt starts; `marker` is in the environment of its processes.
    case start(task: String, attempt: Int, marker: String)
    /// An attempt that ran has ended.
    case end(
        task: String,
        attempt: Int,
        state: TaskState,
        error: String?,
        outputs: JSONObject?,
        record: AttemptRecord = AttemptRecord()
    )
    /// A waiting attempt will never start.
    case drop(task: String, attempt: Int, state: TaskState, error: String?, cause: SkipCause? = nil)
    /// Another attempt waits from now on.
    case plan(task: String, attempt: Int, at: Timestamp)
    /// A task fans out: it runs from now on, and an attempt of each instance waits.
    case open(task: String, attempt: Int, items: [JSONValue])
    /// A task that runs upon failure waits from now on, behind the task at `place`.
    case admit(task: String, attempt: Int, place: Int)
    /// Lines and progress of an attempt.
    case log(task: String, attempt: Int, TaskLog.Batch)
    /// The run has ended.
    case finish(RunState, error: String?)
}

/// What is recorded of an attempt beside its state.
package struct AttemptRecord: Sendable {
    /// What it used, as JSON.
    package var usage: JSONValue?
    /// The artifacts that it left.
    package var artifacts: [ArtifactRecord] = []
    /// The SHA-256 of its code.
    package var codeHash: String?
    /// Under what a later run finds its result; nil when it may not.
    package var cacheKey: String?
    /// Where its result came from when it did not run.
    package var cachedFrom: CachedFrom?
    /// What the outbox is told.
    package var ending: TaskEnding?

    /// Nothing.
    package init() {}
}
