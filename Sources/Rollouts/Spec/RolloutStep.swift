/// One step of a rollout; what it does not state is the rollout's.
package struct RolloutStep: Sendable, Equatable, ExpressibleByIntegerLiteral, CustomStringConvertible {
    /// The candidate's share of the traffic in percent; 0 gives it none.
    package var percent: Int
    /// Share of the requests that the other version scores too, in percent; nil for 100 when a check needs it, else 0.
    package var shadowPercent: Int?
    /// Shortest time at the step.
    package var bake: Duration?
    /// Candidate requests needed at the step; at 0 percent, rows that it scored as a shadow.
    package var minimumSamples: Int?
    /// Longest time without a verdict.
    package var timeout: Duration?
    /// Whether a person must say yes before the step is left.
    package var needsConfirmation: Bool
    /// What the step must pass, in place of the rollout's checks.
    package var checks: RolloutChecks?
    /// What to do without a verdict.
    package var onInconclusive: InconclusivePolicy?
    /// What to do when a check fails.
    package var onFailure: FailurePolicy?

    /// Makes a step.
    package init(
        _ percent: Int,
        shadowPercent: Int? = nil,
        bake: Duration? = nil,
        minimumSamples: Int? = nil,
        timeout: Duration? = nil,
        needsConfirmation: Bool = false,
        checks: RolloutChecks? = nil,
        onInconclusive: InconclusivePolicy? = nil,
        onFailure: FailurePolicy? = nil
    ) {
        self.percent = percent
        self.shadowPercent = shadowPercent
        self.bake = bake
        self.minimumSamples = minimumSamples
        self.timeout = timeout
        self.needsConfirmation = needsConfirmation
        self.checks = checks
        self.onInconclusive = onInconclusive
        self.onFailure = onFailure
    }

    /// A step that states its share only.
    package init(integerLiteral percent: Int) {
        self.init(percent)
    }

    package var description: String { String(percent) }
}
