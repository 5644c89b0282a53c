/// The named maxima of the stream of events.
package enum EventsLimits {
    /// Events on one page.
    package static let pageSize = 500
    /// Events on one page when nothing is asked for.
    package static let defaultPageSize = 100
    /// Bytes of an event's data; what is larger is left out, and the event says how much.
    package static let dataBytes = 16 * 1024
    /// Characters of an event's type.
    package static let typeCharacters = 200
    /// Characters of an event's subject.
    package static let subjectCharacters = 500
    /// Patterns of types in one question.
    package static let typePatterns = 20
    /// Events that are kept.
    package static let keptEvents = 100_000
    /// How long events are kept, in days.
    package static let keptDays = 30
    /// Events that are forgotten in one write.
    package static let forgottenAtOnce = 5_000
    /// How often old events are forgotten, in seconds.
    package static let forgetSeconds: Int64 = 60
    /// Streams open at once, of one workspace.
    package static let streams = 100
    /// Events that are read for one stream at a time; so many are in memory for it at most.
    package static let bufferedEvents = 100
    /// How often the database is asked for what other servers wrote, in milliseconds.
    package static let pollMilliseconds: Int64 = 200
    /// How long a stream may be silent before it says that it is alive, in seconds.
    package static let heartbeatSeconds: Int64 = 15
    /// How long a reader may take for what it was sent before its stream ends, in seconds.
    package static let slowSeconds: Int64 = 20
    /// How long a stream lasts before its reader must ask again, and be admitted again, in seconds.
    package static let streamSeconds: Int64 = 3600
    /// How long a client is asked to wait before it resumes, in milliseconds.
    package static let retryMilliseconds = 1000
}
