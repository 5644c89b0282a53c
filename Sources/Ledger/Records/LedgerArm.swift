/// How a request found its version.
///
/// Three arms mean something to a rollout; any other text is kept as it is: a version by its weight (`v7`), the preview
/// of a blue/green rollout (`preview`), a mirrored request (`shadow`).
package struct LedgerArm: RawRepresentable, Hashable, Sendable {
    /// The arm's name.
    package let rawValue: String

    /// Names an arm.
    package init(rawValue: String) { self.rawValue = rawValue }

    /// By the traffic plan, to the trusted version.
    package static let stable = LedgerArm(rawValue: "stable")
    /// By the traffic plan, to the version on trial.
    package static let candidate = LedgerArm(rawValue: "candidate")
    /// By the version number in the request; no evidence for a rollout.
    package static let pinned = LedgerArm(rawValue: "pinned")
    /// Mirrored: this version's answer was seen by nobody but the ledger.
    package static let shadow = LedgerArm(rawValue: "shadow")
}
