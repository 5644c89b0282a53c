package import Core

/// Something visible happened to a task; told after it is in the database, progress at once.
package struct TaskChange: Sendable, Equatable {
    /// The run.
    package let runID: String
    /// The pipeline.
    package let pipeline: String
    /// The task.
    package let task: String
    /// The attempt.
    package let attempt: Int
    /// How the attempt stands.
    package let state: TaskState
    /// How far it is, 0 to 1, as it said itself.
    package let fraction: Double
    /// What it does or why it ended.
    package let message: String?
    /// When.
    package let time: Timestamp
}
