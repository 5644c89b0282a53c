import Core

/// A pipeline run as the storyline sees it.
struct DemoRun: Sendable {
    private struct Task {
        let name: String
        let state: String
        let fraction: Double
        let message: String
        let outputs: JSONObject
    }

    private let state: String
    private let error: String?
    private let tasks: [Task]

    /// Reads the API's answer.
    init(_ answer: JSONValue) throws(MartletError) {
        let fields = try JSONFields(answer)
        state = try fields.string("state")
        error = try fields.optionalString("error")
        var tasks: [Task] = []
        for value in try fields.optionalArray("tasks") ?? [] {
            let task = try JSONFields(value)
            tasks.append(
                Task(
                    name: try task.string("task"),
                    state: try task.string("state"),
                    fraction: try task.optionalDouble("progress") ?? 0,
                    message: try task.optionalString("message") ?? "",
                    outputs: try task.optionalObject("outputs") ?? [:]
                )
            )
        }
        self.tasks = tasks
    }

    /// Whether it is over.
    var isFinished: Bool {
        ["succeeded", "failed", "cancelled"].contains(state)
    }

    /// Whether these tasks have all succeeded.
    func hasSucceeded(_ names: [String]) -> Bool {
        names.allSatisfy { name in tasks.contains { $0.name == name && $0.state == "succeeded" } }
    }

    /// A bar for each task that runs.
    var bars: [DemoScreen.Bar] {
        tasks.filter { $0.state == "running" }.map {
            DemoScreen.Bar(name: $0.name, fraction: $0.fraction, message: $0.message)
        }
    }

    /// The run itself when it succeeded.
    func requireSuccess(_ pipeline: String) throws -> DemoRun {
        guard state == "succeeded" else {
            throw DemoDirector.Unreached(title: "pipeline \(pipeline) \(state): \(error ?? "see its logs")")
        }
        return self
    }

    /// How many trials its tuning tasks made.
    var trials: Int64 {
        tasks.reduce(0) { $0 + ($1.outputs["trials"]?.integerValue ?? 0) }
    }

    /// A metric on the test rows, as text.
    func metric(_ name: String) -> String {
        let metrics = tasks.compactMap { $0.outputs["metrics"]?.objectValue }.last
        return DemoFormat.metric(metrics?[name]?.doubleValue)
    }
}
