import Core

/// A loop as the storyline sees it.
struct DemoLoop: Sendable {
    /// The loop's id.
    let id: String
    /// Its state.
    let state: String
    /// What opened it: `drift` or `hand`.
    let signal: String
    /// The pipeline run that makes the candidate.
    let pipelineRun: String?
    /// The candidate once it is registered.
    let version: Int?
    /// What the gate said.
    let gate: String?
    /// The newest line of the timeline.
    let message: String

    /// Reads the API's answer; the timeline is only in that of one loop.
    init(_ answer: JSONValue) throws(MartletError) {
        let fields = try JSONFields(answer)
        id = try fields.string("id")
        state = try fields.string("state")
        signal = try fields.fields("signal").string("kind")
        pipelineRun = try fields.optionalString("pipeline_run")
        version = try fields.optionalInt("version").flatMap { Int(exactly: $0) }
        let events = try fields.optionalArray("events") ?? []
        message = events.last?["message"]?.stringValue ?? ""
        gate = events.first { $0["evidence"]?["candidate"] != nil }?["message"]?.stringValue
    }

    /// Whether it ended without a promotion.
    var hasFailed: Bool {
        ["failed", "rejected", "rolledBack", "rolled_back"].contains(state)
    }

    /// Whether the training data has been collected and used.
    var isPastTraining: Bool {
        !["signalled", "retraining"].contains(state)
    }
}
