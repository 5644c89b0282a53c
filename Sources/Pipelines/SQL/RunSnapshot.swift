import Core

/// A run as its new driver finds it in the database.
struct RunSnapshot: Sendable {
    /// One task's attempts, condensed.
    struct Task: Sendable {
        let name: String
        let latest: TaskRun
        /// The process mark of the latest attempt, when it was started.
        let marker: String?
        let notBefore: Timestamp?
        /// Why the task was skipped, if it was.
        let skip: SkipCause?
        let failures: Int
        let losses: Int
    }

    let run: PipelineRun
    let document: JSONValue
    let directory: String
    let tasks: [Task]
}
