package import Core
package import Storage

/// A run that has ended, as the transaction that ends it has it.
package struct EndedRun: Sendable, Equatable {
    /// The run's id.
    package let id: String
    /// Its pipeline.
    package let pipeline: String
    /// How it ended.
    package let state: RunState
    /// What started it.
    package let trigger: String
    /// Why it failed or was cancelled.
    package let error: String?
    /// When.
    package let at: Timestamp
}

extension PipelineStore {
    /// Called for each run that ends, in the transaction that says so.
    package typealias Outbox = @Sendable (_ connection: Connection, _ run: EndedRun) throws -> Void

    /// Called for each attempt that ends, in the transaction that says so.
    package typealias TaskOutbox = @Sendable (_ connection: Connection, _ ending: TaskEnding) throws -> Void

    /// Tells that a run has ended.
    func tell(_ id: String, at now: Timestamp, on connection: Connection) throws {
        let row = try connection.first(
            "SELECT pipeline, state, cause, error FROM pipeline_runs WHERE id = ?",
            [.text(id)]
        )
        guard let row, let state = RunState(rawValue: try row.text("state")), state.isFinal else { return }
        try outbox(
            connection,
            EndedRun(
                id: id,
                pipeline: try row.text("pipeline"),
                state: state,
                trigger: try row.text("cause"),
                error: row.optionalText("error"),
                at: now
            )
        )
    }
}
