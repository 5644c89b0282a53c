/// Maxima of the audit log; tested at the limit and one past it.
package enum AuditLimits {
    /// Bytes of one side of a change, `before` or `after`, as JSON; a longer one is kept as its size and SHA-256.
    package static let valueBytes = 16_384
    /// Characters of one text inside a change; a longer one is cut and says so.
    package static let textCharacters = 2000
    /// Characters of an actor, an object, an action or a reason.
    package static let nameCharacters = 1000
    /// Refusals that wait to be written; one more is counted only.
    package static let pendingDenials = 1000
    /// Refusals of one minute that get a record each; the others are counted.
    package static let denialsPerMinute = 600
    /// Refusals of one actor or address in one minute that get a record each, so that one cannot drown the others.
    package static let denialsPerMinuteAndCaller = 60
    /// Callers that a minute's count of refusals names; the others are counted together.
    package static let summarizedCallers = 20
    /// Records of one page.
    package static let pageRecords = 1000
    /// Records of one page when nothing is asked for.
    package static let defaultPageRecords = 100
    /// Bytes of one line of an exported log.
    package static let lineBytes = 1_048_576
    /// How often refusals are written, in seconds.
    package static let denialSeconds = 1
}
