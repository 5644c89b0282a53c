/// The named maxima of replays; tested at the limit and past it.
package enum ReplayLimits {
    /// Most predictions that one replay asks again.
    package static let rows = 1_000_000
    /// Predictions that a replay asks again when nothing is said.
    package static let defaultRows = 100_000
    /// Predictions read from the ledger at once; what a replay keeps in memory of them.
    package static let pageRows = 500
    /// Rows that the candidate is asked at once, after those that are timed one by one.
    package static let batchRows = 64
    /// Rows that are timed one by one, and times that are kept of each kind.
    package static let timedRows = 2_000
    /// Replays that wait or run at once in a workspace.
    package static let queued = 16
    /// Times that a replay is begun: once, and once more when the server ended under it.
    package static let attempts = 2
    /// Columns by whose values a report is split.
    package static let splits = 8
    /// Values of one column that are counted apart; what comes later is counted together.
    package static let countedSegments = 1_000
    /// Segments of one column that a report names, the largest first.
    package static let namedSegments = 20
    /// Disagreements that a report shows.
    package static let disagreements = 50
    /// Classes of which a report counts who was taken for whom.
    package static let classes = 64
    /// Longest window, in days.
    package static let windowDays = 366
    /// Finished replays that are kept for a deployment.
    package static let kept = 100
    /// Bytes of a request.
    package static let bodyBytes = 65_536
    /// Bytes of a name in a request.
    package static let nameBytes = 256
}
