/// What one worker is about.
///
/// Times are monotonic nanoseconds.
package enum WorkerPhase: Sendable, Equatable {
    /// Its process loads the model and must be done by a moment.
    case starting(by: UInt64)
    /// It waits for a call.
    case ready
    /// It works on a call.
    case busy
    /// It works on a call that nobody waits for any more, and is ended at a moment.
    case suspect(until: UInt64)
    /// Its process was told to end at once; whether it goes on is decided when that has happened.
    case dying
    /// It is started again at a moment.
    case backoff(until: UInt64)
    /// It is not started while the circuit breaker is open.
    case broken
    /// Its connection was closed, and its process must have ended by a moment.
    case leaving(by: UInt64)
    /// It has no process and gets none.
    case ended

    /// Whether there is a process.
    package var hasProcess: Bool {
        switch self {
        case .starting, .ready, .busy, .suspect, .dying, .leaving: true
        case .backoff, .broken, .ended: false
        }
    }

    /// The phase in one word, for reports.
    package var word: String {
        switch self {
        case .starting: "starting"
        case .ready: "ready"
        case .busy: "busy"
        case .suspect: "suspect"
        case .dying: "dying"
        case .backoff: "backoff"
        case .broken: "broken"
        case .leaving: "draining"
        case .ended: "ended"
        }
    }
}
