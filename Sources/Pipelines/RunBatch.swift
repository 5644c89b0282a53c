import Core

/// What came of one batch of messages: what to record, and what to do once it is recorded.
struct RunBatch {
    /// An attempt to launch.
    struct Start {
        let task: String
        let attempt: Int
        let marker: String
    }

    var changes: [RunChange] = []
    var starts: [Start] = []
    var stops: [String] = []
    var changed: [TaskChange] = []
    /// Pools to give places back to, with the task that has them.
    var releases: [(pool: String, task: String)] = []
    var requests: [String] = []
    var usages: [(usage: TaskUsage, task: String)] = []
    var ended: RunState?
    /// Tasks that will not ask for results any more.
    var forgets: [String] = []
    /// What attempts gave whose end is being decided.
    var results: [String: (outputs: JSONObject, record: AttemptRecord)] = [:]
    /// Why attempts were lost.
    var losses: [String: String] = [:]
}
