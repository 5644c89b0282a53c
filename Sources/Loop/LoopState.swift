/// Where one loop stands between the signal that opened it and its outcome.
///
/// The way of a loop is `signalled → retraining → gating → registering → rollingOut`, then one of the four
/// outcomes. Every open state may end in `failed`; `gating` may end in `rejected`; `rollingOut` ends in `promoted`
/// or `rolledBack`.
package enum LoopState: String, Sendable, Equatable, CaseIterable {
    /// Opened by a signal; the pipeline has not been started yet.
    case signalled
    /// The training pipeline runs.
    case retraining
    /// The candidate is compared with the champion.
    case gating
    /// The accepted candidate becomes a version of the model.
    case registering
    /// The new version takes traffic step by step.
    case rollingOut = "rolling_out"
    /// Outcome: the new version serves all traffic.
    case promoted
    /// Outcome: the gate kept the champion.
    case rejected
    /// Outcome: the rollout returned to the champion.
    case rolledBack = "rolled_back"
    /// Outcome: a step could not be done; the champion still serves.
    case failed

    /// Whether the loop has reached its outcome and nothing more will happen to it.
    package var isFinal: Bool {
        switch self {
        case .signalled, .retraining, .gating, .registering, .rollingOut: false
        case .promoted, .rejected, .rolledBack, .failed: true
        }
    }

    /// The words people read, such as "rolling out".
    package var title: String {
        rawValue.replacing("_", with: " ")
    }
}
