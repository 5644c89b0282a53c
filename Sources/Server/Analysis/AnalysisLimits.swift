/// The named maxima of what is measured for rollouts from outside.
package enum AnalysisLimits {
    /// Measurements under way at once.
    package static let concurrent = 8
    /// Bytes of an answer of Prometheus or a webhook that are read.
    package static let answerBytes = 1024 * 1024
    /// Series that a query may answer with.
    package static let series = 1_000
    /// Bytes of a query after its names are filled in.
    package static let queryBytes = 16 * 1024
    /// Longest time that one measurement may take, in seconds.
    package static let timeoutSeconds: Int64 = 300
    /// Characters of a message that are kept.
    package static let messageCharacters = 500
    /// Bytes of a header's value.
    package static let headerBytes = 8 * 1024
    /// Time after which a rollout that nobody asks about is measured no more, in seconds.
    package static let forgottenSeconds: Int64 = 30
    /// Days that measurements of a rollout are kept.
    package static let keptDays: Int64 = 90
    /// Pause between two looks at what is due, in milliseconds.
    package static let tickMilliseconds: Int64 = 100
    /// Time between two measurements of drift and of estimates, in milliseconds.
    package static let ledgerMilliseconds: Int64 = 1_000
    /// Time between two looks at a replay, in milliseconds.
    package static let replayMilliseconds: Int64 = 500
    /// Time after which a gate's replay that decided nothing is begun anew, in seconds.
    package static let replayAgainSeconds: Int64 = 300
    /// Predictions that one look at drift compares with the reference at least.
    package static let driftRows = 100
    /// Predictions that one measurement reads of the ledger.
    package static let ledgerRows = 2_000
    /// Labelled predictions that estimates are calibrated on at most.
    package static let labelledRows = 1_000
    /// Labelled predictions that estimates are calibrated on at least.
    package static let fewestLabelledRows = 50
    /// Rollouts whose estimators are kept in memory.
    package static let estimators = 8
}
