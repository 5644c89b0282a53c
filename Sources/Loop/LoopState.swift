/// Where one loop stands between the signal that opened it and its outcome.
///
/// The way of a loop is `signalled → retraining → gating → registering → rollingOut`, then one of the outcomes. Where the trigger
/// asks for approval, `awaitingApproval` comes before `registering` or before `rollingOut`; where it writes back to Git,
/// `writingBack` comes before `promoted`. Every open state may end in `failed`, and by way of `cancelling` in `cancelled`.
package enum LoopState: String, Sendable, Equatable, CaseIterable {
    /// Opened by a signal; the pipeline has not been started yet.
    case signalled
    /// The training pipeline runs.
    case retraining
    /// The candidate is compared with the champion.
    case gating
    /// Somebody must say whether the candidate may go on.
    case awaitingApproval = "awaiting_approval"
    /// The accepted candidate becomes a version of the model.
    case registering
    /// The new version takes traffic step by step.
    case rollingOut = "rolling_out"
    /// The outcome is being written to the Git repository.
    case writingBack = "writing_back"
    /// Somebody cancelled the loop; what is under way is being stopped.
    case cancelling
    /// Outcome: the new version serves all traffic.
    case promoted
    /// Outcome: the gate, or who was asked to approve, kept the champion.
    case rejected
    /// Outcome: the rollout returned to the champion.
    case rolledBack = "rolled_back"
    /// Outcome: a step could not be done; the champion still serves.
    case failed
    /// Outcome: somebody stopped it.
    case cancelled

    /// Whether the loop has reached its outcome and nothing more will happen to it.
    package var isFinal: Bool {
        switch self {
        case .signalled, .retraining, .gating, .awaitingApproval, .registering, .rollingOut, .writingBack, .cancelling:
            false
        case .promoted, .rejected, .rolledBack, .failed, .cancelled: true
        }
    }

    /// The words people read, such as "rolling out".
    package var title: String {
        rawValue.replacing("_", with: " ")
    }
}
