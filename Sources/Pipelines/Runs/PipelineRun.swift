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
    /// The value that it runs for, in a fan-out.
    package let item: JSONValue?
    /// How many runs a task has that fans out; nil for any other, and before it is known.
    package let instances: Int?
    /// The task that fans out, of one of its runs.
    package let parent: String?
    /// Where its result came from when it did not run.
    package let cachedFrom: CachedFrom?
    /// The artifacts that it left.
    package let artifacts: [ArtifactRecord]
    /// The SHA-256 of its code.
    package let codeHash: String?
    /// What it used.
    package let usage: JSONValue?
    /// When it started.
    package let startedAt: Timestamp?
    /// When it ended.
    package let finishedAt: Timestamp?

    /// The attempt as the API shows it.
    package var json: JSONValue {
        var object: JSONObject = [
            "task": .string(task), "attempt": .int(attempt), "state": .string(state.rawValue),
            "progress": .number(fraction), "message": .optional(message), "error": .optional(error),
            "outputs": .object(outputs), "started_at": .optional(startedAt?.milliseconds),
            "finished_at": .optional(finishedAt?.milliseconds), "cached": .bool(cachedFrom != nil),
        ]
        if let cachedFrom {
            object["cached_from"] = ["run": .string(cachedFrom.runID), "task": .string(cachedFrom.task)]
        }
        if let item { object["item"] = item }
        if let instances { object["instances"] = .int(instances) }
        if let parent { object["parent"] = .string(parent) }
        if !artifacts.isEmpty { object["artifacts"] = .array(artifacts.map(\.json)) }
        if let codeHash { object["code_hash"] = .string(codeHash) }
        if let usage { object["usage"] = usage }
        return .object(object)
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
    /// What started it.
    package let cause: RunCause
    /// Runs of a higher one start first.
    package let priority: Int
    /// The time that it is for, where a schedule or a client says one.
    package let time: Timestamp?
    /// The run whose results it takes, when it does a task again.
    package let origin: String?
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
            "parameters": .object(parameters), "trigger": .string(trigger), "cause": .string(cause.kind.rawValue),
            "priority": .int(priority), "time": .optional(time?.milliseconds), "origin": .optional(origin),
            "cancel_requested": .bool(isCancelRequested),
            "error": .optional(error), "created_at": .integer(createdAt.milliseconds),
            "started_at": .optional(startedAt?.milliseconds), "finished_at": .optional(finishedAt?.milliseconds),
        ]
        if !tasks.isEmpty { object["tasks"] = .array(tasks.map(\.json)) }
        return .object(object)
    }
}
