/// How a request found its version.
package enum LedgerArm: String, Sendable, Equatable {
    /// By the traffic plan, to the trusted version.
    case stable
    /// By the traffic plan, to the version on trial.
    case candidate
    /// By the version number in the request; no evidence for a rollout.
    case pinned
}
