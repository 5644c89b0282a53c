/// How a deployment moves from one version to the next.
package enum RolloutStrategy: String, Sendable, Equatable, CaseIterable {
    /// Swap at once, then watch.
    case allAtOnce = "all_at_once"
    /// Climb by rising shares of the traffic.
    case canary
    /// Score the same rows first, with no answer given out; then climb.
    case shadow
    /// Score the same rows, swap at once, then watch.
    case blueGreen = "blue_green"
    /// Keep two versions at fixed shares until a metric tells a winner.
    case comparison = "ab"

    /// The steps of a rollout that states none.
    package var standardSteps: [RolloutStep] {
        switch self {
        case .allAtOnce: []
        case .canary: [10, 50, 100]
        case .shadow: [RolloutStep(0, shadowPercent: 100), 10, 50, 100]
        case .blueGreen: [RolloutStep(0, shadowPercent: 100)]
        case .comparison: [50]
        }
    }

    /// How long a promoted version is watched when the rollout does not say.
    ///
    /// Strategies that swap at once are watched, as little or nothing was shown before; the others have shown it.
    package var standardWindow: Duration {
        switch self {
        case .allAtOnce, .blueGreen: .seconds(600)
        case .canary, .shadow, .comparison: .zero
        }
    }
}

/// What to do when a step ends without a verdict.
package enum InconclusivePolicy: String, Sendable, Equatable, CaseIterable {
    /// Keep the weights and wait for evidence or an operator.
    case hold
    /// Return all traffic to the stable version.
    case rollback
    /// Go on without a verdict, with a line in the history that says so.
    case promote
}

/// What to do when a check fails.
package enum FailurePolicy: String, Sendable, Equatable, CaseIterable {
    /// Return all traffic to the stable version.
    case rollback
    /// Keep the weights and wait for an operator.
    case hold
}
