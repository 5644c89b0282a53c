/// The named maxima of rollouts.
package enum RolloutsLimits {
    /// Most steps of a rollout.
    package static let steps = 20
    /// Requests of the stable version after which its latency quantile is known well enough.
    package static let latencyBaseline = 50
}
