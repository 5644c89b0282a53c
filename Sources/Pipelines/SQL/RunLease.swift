import Core

/// The right to drive one run: whoever holds it writes under its fencing token.
struct RunLease: Sendable, Equatable {
    let runID: String
    let owner: String
    let fence: Int64

    /// What a writer without the lease is told.
    var lost: MartletError {
        MartletError(.failedPrecondition, "Another server drives the run '\(runID)' now; this one stops.")
    }
}
