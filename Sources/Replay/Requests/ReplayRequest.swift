package import Core

/// Which candidate is asked again what a deployment was asked, and what is compared.
package struct ReplayRequest: Sendable, Equatable {
    /// The deployment whose ledger is read.
    package var deployment: String
    /// The registered model of the candidate.
    package var model: String
    /// The candidate's version.
    package var version: Int
    /// The oldest prediction that is asked again.
    package var since: Timestamp
    /// The first moment after the newest prediction that is asked again.
    package var until: Timestamp
    /// How many predictions are asked again at most, the newest first.
    package var limit: Int
    /// By what the report is split: `prediction`, `version`, `arm`, `entity`, or an input column.
    package var segments: [String]
    /// Relative difference from which two numbers are different answers.
    package var tolerance: Double
    /// What decides whether the candidate passes; nil when the replay only reports.
    package var gate: ReplayBounds?

    /// By what a report is split when nothing is said.
    package static let standardSegments = ["prediction", "version"]
    /// The tolerance when nothing is said; the one of scoring in the shadow.
    package static let standardTolerance = 0.1

    /// Makes a request in code.
    package init(
        deployment: String,
        model: String,
        version: Int,
        since: Timestamp,
        until: Timestamp,
        limit: Int = ReplayLimits.defaultRows,
        segments: [String] = ReplayRequest.standardSegments,
        tolerance: Double = ReplayRequest.standardTolerance,
        gate: ReplayBounds? = nil
    ) {
        self.deployment = deployment
        self.model = model
        self.version = version
        self.since = since
        self.until = until
        self.limit = limit
        self.segments = segments
        self.tolerance = tolerance
        self.gate = gate
    }
}
