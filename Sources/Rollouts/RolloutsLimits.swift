/// The named maxima of rollouts.
package enum RolloutsLimits {
    /// Most steps of a rollout.
    package static let steps = 20
    /// Most stages of evidence: the steps, the gate before them and the watch after them.
    package static let stages = steps + 2
    /// Requests of the stable version after which its latency quantile is known well enough.
    package static let latencyBaseline = 50
    /// Answers of the stable version from which the bins of a number's distribution are fixed.
    package static let answerBaseline = 100
    /// Most bins of an answer's distribution; further classes are counted together.
    package static let answerBins = 32
    /// Most versions that have a share, and most that shadow.
    package static let arms = 16
    /// Most routes by header.
    package static let routes = 32
    /// Most queries, and most webhooks, of one rollout.
    package static let externalChecks = 16
    /// Most headers of one call to the outside.
    package static let externalHeaders = 8
    /// Most measurements of one external check that are asked for.
    package static let measurements = 100_000
}
