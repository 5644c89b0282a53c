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
    /// Rows that this arm scored beside the other one, whose answers nobody got.
    package var shadowed: Int = 0
    /// Of those, the rows on which it failed.
    package var shadowErrors: Int = 0
    /// Rows whose answers were looked at, shadowed ones included.
    package var answers: Int = 0
    /// Of those, the ones without an answer.
    package var missing: Int = 0
    /// Answers given out by bin of `AnswerEvidence`.
    package var bins: [Int] = []
    /// Latencies in seconds, of requests that did not fail.
    package var latency = Moments()
    /// Scores given out.
    package var score = Moments()
    /// Labels that are numbers, of the rows given to this arm.
    package var label = Moments()
    /// Distances from the label, of the rows given to this arm.
    package var absoluteError = Moments()
    /// Squared distances from the label, of the rows given to this arm.
    package var squaredError = Moments()

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
    /// Evidence by stage at which the request was served; a shift of the traffic between stages cannot pose as a
    /// difference between the arms.
    package var steps: [StepEvidence] = []
    /// The stable version's requests and errors from before the rollout: what it is compared with where it gets none.
    package var errorsBefore = Proportion()
    /// The stable version's requests from before the rollout that were slower than the threshold.
    package var slowBefore = Proportion()
    /// Labels joined to rows that both versions answered.
    package var pairs = PairedOutcomes()
    /// Distances from the label, of rows that both versions answered.
    package var absoluteErrors = PairedMoments()
    /// Squared distances from the label, of rows that both versions answered.
    package var squaredErrors = PairedMoments()
    /// Rows on which both versions' answers differ, out of the rows that both answered.
    package var disagreement = Proportion()
    /// The distributions of both versions' answers to the same rows.
    package var answers = AnswerEvidence()
    /// Whether a latency threshold is known, so that slow requests are being counted.
    package var latencyThresholdKnown = false
    /// What counts as slow, in nanoseconds; kept over a restart, so that the counts go on meaning the same.
    package var latencyThreshold: UInt64?
    /// The drift verdict against the candidate's own reference; nil when the monitor has none.
    package var candidateDrift: Bool?
    /// What came from outside at this look, by name.
    ///
    /// The names are `drift`, `estimate`, `replay`, `prometheus/<name>` and `webhook/<name>`. Not stored; what counts of
    /// it is in `tallies`.
    package var measurements: [String: ExternalMeasurement] = [:]
    /// What came from outside at the present stage, by name; kept by the state machine.
    package var tallies: [String: MeasurementTally] = [:]

    /// Makes empty evidence.
    package init() {}

    /// Evidence of one step; empty when the step has none yet.
    package func step(_ index: Int) -> StepEvidence {
        steps.indices.contains(index) ? steps[index] : StepEvidence()
    }
}
