/// The named maxima of studies.
package enum StudiesLimits {
    /// Studies of a workspace.
    package static let studies = 10_000
    /// Trials of one study.
    package static let trials = 100_000
    /// Trials of one study that wait in line.
    package static let waiting = 10_000
    /// Bytes of a study's name.
    package static let nameBytes = 200
    /// Bytes of a request's body.
    package static let bodyBytes = 1 << 20
    /// Bytes of a key that makes a request repeatable.
    package static let keyBytes = 200
    /// Bytes of a worker's name and of a message.
    package static let textBytes = 1000
    /// Studies whose trials are kept in memory.
    package static let cached = 64
    /// How often a proposal is made anew because another server was faster.
    package static let proposals = 4
    /// Trials whose runs are brought up to date at once.
    package static let recorded = 100
    /// Trials that a plot shows; the last ones.
    package static let plotted = 2000
    /// Seconds between looks for trials whose worker has gone.
    package static let sweepSeconds = 5
}
