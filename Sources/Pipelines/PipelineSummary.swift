package import Core

/// One pipeline in a list.
package struct PipelineSummary: Sendable, Equatable {
    /// The name.
    package let name: String
    /// How many tasks it has.
    package let taskCount: Int
    /// Its parameters with their defaults.
    package let parameters: JSONObject
    /// Its newest run, without tasks.
    package let lastRun: PipelineRun?

    /// The pipeline as the API shows it.
    package var json: JSONValue {
        [
            "name": .string(name), "tasks": .int(taskCount), "parameters": .object(parameters),
            "last_run": lastRun?.json ?? .null,
        ]
    }
}
