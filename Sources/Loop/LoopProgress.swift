package import Core

/// The part of a loop that changes: exactly the columns that its state machine may write.
package struct LoopProgress: Sendable, Equatable {
    /// Where the loop stands.
    package var state: LoopState
    /// When it came there.
    package var enteredAt: Timestamp
    /// When it reached its outcome; `nil` while it is open.
    package var finishedAt: Timestamp?
    /// The pipeline run that makes the candidate.
    package var runID: String?
    /// Outputs of that run, which name the candidate.
    package var outputs: JSONObject
    /// The version that the candidate became.
    package var version: Int?
    /// Whether the alias is known to have been moved to the version.
    package var rolloutRequested: Bool
    /// The share of traffic last seen on the version, in percent.
    package var weight: Int?
    /// Consecutive transient failures of the current step.
    package var failures: Int
    /// When the current step may be repeated.
    package var retryAt: Timestamp?
    /// The version that the alias named when the gate judged; nil when there was none.
    package var champion: Int?
    /// What the gate found, with every figure.
    package var verdict: JSONObject?
    /// Who approved which step.
    package var approvals: [LoopApproval] = []
    /// The step that waits for approval.
    package var awaiting: ApprovalStage?
    /// Who cancelled the loop.
    package var cancellation: LoopCancellation?
    /// The outcome that is being written back.
    package var outcome: LoopState?
    /// The commit that says so.
    package var commit: String?

    /// A loop that has just been opened.
    package init(openedAt: Timestamp) {
        self.init(state: .signalled, enteredAt: openedAt)
    }

    /// A loop as it was stored.
    package init(
        state: LoopState,
        enteredAt: Timestamp,
        finishedAt: Timestamp? = nil,
        runID: String? = nil,
        outputs: JSONObject = [:],
        version: Int? = nil,
        rolloutRequested: Bool = false,
        weight: Int? = nil,
        failures: Int = 0,
        retryAt: Timestamp? = nil
    ) {
        self.state = state
        self.enteredAt = enteredAt
        self.finishedAt = finishedAt
        self.runID = runID
        self.outputs = outputs
        self.version = version
        self.rolloutRequested = rolloutRequested
        self.weight = weight
        self.failures = failures
        self.retryAt = retryAt
    }
}
