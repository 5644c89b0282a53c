import Core
import Storage

/// A run that is asked for.
struct NewRun: Sendable {
    var id = Identifier.random()
    let spec: PipelineSpec
    let directory: String
    let parameters: JSONObject
    var cause = RunCause.manual
    var key: String?
    /// The time that it is for.
    var time: Timestamp?
    /// Instead of the pipeline's own.
    var priority: Int?
    /// The run whose results it takes.
    var origin: String?
    /// The first attempts.
    var attempts: [NewAttempt]
    /// What is written with it.
    var inTransaction: (@Sendable (Connection, _ runID: String) throws -> Void)?

    init(spec: PipelineSpec, directory: String, parameters: JSONObject) {
        self.spec = spec
        self.directory = directory
        self.parameters = parameters
        attempts = spec.tasks.enumerated().map { NewAttempt(task: $1.name, attempt: 1, position: $0) }
    }
}

/// An attempt as it is recorded first.
struct NewAttempt: Sendable {
    let task: String
    let attempt: Int
    let position: Int
    var part = 0
    var parent: String?
    var item: JSONValue?
    var state = TaskState.pending
    var instances: Int?
    var skip: SkipCause?
    var outputs: String?
    var artifacts: String?
    var cachedFrom: CachedFrom?
    var message: String?
}
