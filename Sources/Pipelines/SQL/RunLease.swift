import Core

/// The right to drive one run: whoever holds it writes under its fencing token.
package struct RunLease: Sendable, Equatable {
    /// The run.
    package let runID: String
    /// The server that drives it.
    package let owner: String
    /// Raised each time that the lease is taken.
    package let fence: Int64

    /// What a writer without the lease is told.
    var lost: MartletError {
        MartletError(.failedPrecondition, "Another server drives the run '\(runID)' now; this one stops.")
    }
}
