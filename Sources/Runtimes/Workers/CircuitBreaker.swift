/// Stops starting what keeps crashing, and tries again later with one.
///
/// Times are monotonic nanoseconds.
package struct CircuitBreaker: Sendable, Equatable {
    /// Whether starts are allowed.
    package enum State: Sendable, Equatable {
        /// They are.
        case closed
        /// They are not, until a moment.
        case open(until: UInt64)
        /// One is under way as a trial.
        case halfOpen
    }

    /// Whether starts are allowed.
    package private(set) var state = State.closed
    private var crashes: [UInt64] = []
    private var pause = WorkerLimits.firstPause

    /// A closed breaker.
    package init() {}

    /// Notes a crash; says whether the breaker opened because of it.
    package mutating func crashed(now: UInt64) -> Bool {
        switch state {
        case .open: return false
        case .halfOpen:
            pause = min(pause * 2, WorkerLimits.longestPause)
            state = .open(until: now + pause)
            return true
        case .closed:
            crashes.removeAll { now >= $0 + WorkerLimits.crashWindow }
            crashes.append(now)
            guard crashes.count >= WorkerLimits.crashes else { return false }
            crashes.removeAll()
            state = .open(until: now + pause)
            return true
        }
    }

    /// Whether one start may be tried now; from then on the breaker is half open.
    package mutating func mayTry(now: UInt64) -> Bool {
        guard case .open(let until) = state, now >= until else { return false }
        state = .halfOpen
        return true
    }

    /// Notes that the trial succeeded; says whether the breaker closed because of it.
    package mutating func proved() -> Bool {
        guard state == .halfOpen else { return false }
        state = .closed
        pause = WorkerLimits.firstPause
        return true
    }
}
