package import Core

/// One attempt of a task in a run; of each task a run shows the latest.
package struct TaskRun: Sendable, Equatable {
    /// The task's name.
    package let task: String
    /// Which attempt it is, from 1.
    package let attempt: Int
    /// How it stands.
    package let state: TaskState
    /// How far it is, 0 to 1, as it said itself.
    package let fraction: Double
    /// What it does, as it said itself.
    package let message: String?
    /// Why it failed, was skipped or cancelled.
    package let error: String?
    /// What it gave to the tasks after it.
    package let outputs: JSONObject
    /// When it started.
    package let startedAt: Timestamp?
    /// When it ended.
    package let finishedAt: Timestamp?

    /// The attempt as the API shows it.
    package var json: JSONValue {
        [
            "task": .string(task), "attempt": .int(attempt), "state": .string(state.rawValue),
            "progress": .number(fraction), "message": .optional(message), "error": .optional(error),
            "outputs": .object(outputs), "started_at": .optional(startedAt?.milliseconds),
            "finished_at": .optional(finishedAt?.milliseconds),
        ]
    }
}

/// One run of a pipeline.
package struct PipelineRun: Sendable, Equatable {
    /// The id.
    package let id: String
    /// The pipeline's name.
    package let pipeline: String
    /// How it stands.
    package let state: RunState
    /// The values of its parameters.
    package let parameters: JSONObject
    /// What started it, such as `manual` or a trigger's name.
    package let trigger: String
    /// Whether it was asked to stop.
    package let isCancelRequested: Bool
    /// Why it failed or was cancelled.
    package let error: String?
    /// When it was asked for.
    package let createdAt: Timestamp
    /// When its first task could start.
    package let startedAt: Timestamp?
    /// When it was done.
    package let finishedAt: Timestamp?
    /// The latest attempt of each task in the order of the file; empty in lists.
    package let tasks: [TaskRun]

    /// The latest attempt of a task.
    package func task(_ name: String) -> TaskRun? {
        tasks.first { $0.task == name }
    }

    /// The run as the API shows it, with tasks where they were read.
    package var json: JSONValue {
        var object: JSONObject = [
            "id": .string(id), "pipeline": .string(pipeline), "state": .string(state.rawValue),
            "parameters": .object(parameters), "trigger": .string(trigger),
            "cancel_requested": .bool(isCancelRequested),
            "error": .optional(error), "created_at": .integer(createdAt.milliseconds),
            "started_at": .optional(startedAt?.milliseconds), "finished_at": .optional(finishedAt?.milliseconds),
        ]
        if !tasks.isEmpty { object["tasks"] = .array(tasks.map(\.json)) }
        return .object(object)
    }
}
