/// What one arm showed while one rollout step was in force.
package struct ArmEvidence: Sendable, Equatable {
    /// Answered requests, failures included; refused bad input is not counted.
    package var requests: Int = 0
    /// Requests that failed on the server's side or whose output was not a number.
    package var errors: Int = 0
    /// Requests whose latency was compared with the threshold.
    package var timed: Int = 0
    /// Of those, the ones slower than the threshold.
    package var slow: Int = 0
    /// Requests routed to this arm whose label has come.
    package var labelled: Int = 0
    /// Of those, the ones this arm got right.
    package var correct: Int = 0

    /// Makes empty evidence.
    package init() {}
}

/// Both arms during one rollout step.
package struct StepEvidence: Sendable, Equatable {
    /// The version that was serving before.
    package var stable = ArmEvidence()
    /// The version on trial.
    package var candidate = ArmEvidence()

    /// Makes empty evidence.
    package init() {}
}

/// Labelled rows that both versions answered, one routed and one as a shadow.
package struct PairedOutcomes: Sendable, Equatable {
    /// Rows that both got right.
    package var both: Int = 0
    /// Rows that only the stable version got right.
    package var stableOnly: Int = 0
    /// Rows that only the candidate got right.
    package var candidateOnly: Int = 0
    /// Rows that neither got right.
    package var neither: Int = 0

    /// Makes empty evidence.
    package init() {}

    /// All labelled pairs.
    package var total: Int { both + stableOnly + candidateOnly + neither }
}

/// Everything a rollout knows about its candidate at one moment, cumulative since the rollout began.
package struct EvidenceSnapshot: Sendable, Equatable {
    /// Evidence by step at which the request was served; a shift of the traffic between steps cannot pose as a
    /// difference between the arms.
    package var steps: [StepEvidence] = []
    /// Labels joined to rows that both versions answered.
    package var pairs = PairedOutcomes()
    /// Rows on which both versions' answers differ, out of the rows that both answered.
    package var disagreement = Proportion()
    /// Whether a latency threshold is known, so that slow requests are being counted.
    package var latencyThresholdKnown = false
    /// The drift verdict against the candidate's own reference; nil when the monitor has none.
    package var candidateDrift: Bool?

    /// Makes empty evidence.
    package init() {}

    /// Evidence of one step; empty when the step has none yet.
    package func step(_ index: Int) -> StepEvidence {
        steps.indices.contains(index) ? steps[index] : StepEvidence()
    }
}
