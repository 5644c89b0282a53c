package import Core

/// Decides for one task when it starts, is tried again, runs out of time and is done.
///
/// No I/O, no clock of its own:
/// - `waiting`: start → `running`; cancel, skip → `done`.
/// - `running`: succeeded → `done`; failed, lost → `pausing` while tries are left, else `done`; deadline, cancel → `stopping`.
/// - `stopping`: the end of the attempt, however it ended, → as for a failure (deadline) or `done` (cancel).
/// - `pausing`: time → `waiting` for a place (the run starts it); cancel → `done`.
/// - `done`: nothing changes any more.
package struct TaskStateMachine: Sendable, Equatable {
    /// Why a running attempt is stopped.
    package enum StopReason: Sendable, Equatable {
        /// It ran longer than the task's timeout.
        case timeout
        /// The run was cancelled.
        case cancel
    }

    /// Where the task stands.
    package enum State: Sendable, Equatable {
        case waiting(attempt: Int)
        case running(attempt: Int, deadline: Timestamp)
        case stopping(attempt: Int, reason: StopReason)
        case pausing(attempt: Int, until: Timestamp)
        case done(TaskState)
    }

    /// What happened.
    package enum Event: Sendable, Equatable {
        /// What the task needs has succeeded and a place is free.
        case start
        /// The attempt ended well.
        case succeeded(attempt: Int)
        /// The attempt ended badly; `isFinal` failures are not tried again.
        case failed(attempt: Int, message: String, isFinal: Bool)
        /// The attempt's server is gone.
        case lost(attempt: Int)
        /// The run is cancelled.
        case cancel
        /// A task that this one needs did not succeed.
        case skip(because: String)
        /// It is not to run, for no fault.
        case pass(message: String)
        /// It cannot run: what decides about it has no answer.
        case refuse(message: String)
        /// Time passed.
        case tick
    }

    /// What the shell has to do.
    package enum Action: Sendable, Equatable {
        /// Start this attempt.
        case start(attempt: Int)
        /// Stop this attempt and report its end.
        case stop(attempt: Int, reason: StopReason)
        /// Record how this attempt ended; it was running.
        case end(attempt: Int, state: TaskState, message: String?)
        /// Record that this attempt will never start.
        case drop(attempt: Int, state: TaskState, message: String?)
        /// Record that another attempt follows, not before `at`.
        case plan(attempt: Int, at: Timestamp)
    }

    /// How often it is tried again, and after which pauses.
    package let retry: RetryRule
    /// What chance in the pauses is drawn from.
    private let seed: UInt64
    /// How long one attempt may take.
    package let timeout: Duration
    /// Where the task stands.
    package private(set) var state: State
    /// Attempts that failed so far.
    package private(set) var failures: Int
    /// Attempts that were lost so far.
    package private(set) var losses: Int

    /// A task that waits for its first attempt, or for `attempt` after a restart.
    package init(
        retry: RetryRule,
        timeout: Duration,
        state: State = .waiting(attempt: 1),
        failures: Int = 0,
        losses: Int = 0,
        seed: UInt64 = 0
    ) {
        self.retry = retry
        self.seed = seed
        self.timeout = timeout
        self.state = state
        self.failures = failures
        self.losses = losses
    }

    /// When the task next needs a tick; nil when only events move it.
    package var wakesAt: Timestamp? {
        switch state {
        case .running(_, let deadline): deadline
        case .pausing(_, let until): until
        case .waiting, .stopping, .done: nil
        }
    }

    /// Takes in what happened and returns what to do; an event that does not fit the state changes nothing.
    package mutating func handle(_ event: Event, now: Timestamp) -> [Action] {
        switch (state, event) {
        case (.waiting(let attempt), .start):
            state = .running(attempt: attempt, deadline: now + timeout)
            return [.start(attempt: attempt)]
        case (.waiting(let attempt), .cancel), (.pausing(let attempt, _), .cancel):
            return drop(attempt, .cancelled, nil)
        case (.waiting(let attempt), .skip(let cause)):
            return drop(attempt, .skipped, "The task '\(cause)' did not succeed.")
        case (.waiting(let attempt), .pass(let message)): return drop(attempt, .skipped, message)
        case (.waiting(let attempt), .refuse(let message)): return drop(attempt, .failed, message)
        case (.pausing(let attempt, let until), .tick) where now >= until:
            state = .waiting(attempt: attempt)
            return []
        case (.running(let attempt, _), .succeeded(let ended)) where attempt == ended:
            state = .done(.succeeded)
            return [.end(attempt: attempt, state: .succeeded, message: nil)]
        case (.running(let attempt, _), .failed(let ended, let message, let isFinal)) where attempt == ended:
            return fail(attempt, message, isFinal: isFinal, now: now)
        case (.running(let attempt, _), .lost(let ended)) where attempt == ended:
            return lose(attempt, now: now)
        case (.running(let attempt, let deadline), .tick) where now >= deadline:
            state = .stopping(attempt: attempt, reason: .timeout)
            return [.stop(attempt: attempt, reason: .timeout)]
        case (.running(let attempt, _), .cancel):
            state = .stopping(attempt: attempt, reason: .cancel)
            return [.stop(attempt: attempt, reason: .cancel)]
        case (.stopping(let attempt, .timeout), .cancel):
            // It is being stopped already; what changes is what is recorded.
            state = .stopping(attempt: attempt, reason: .cancel)
            return []
        case (.stopping(let attempt, let reason), .succeeded(let ended)) where attempt == ended:
            return stopped(attempt, reason, now: now)
        case (.stopping(let attempt, let reason), .failed(let ended, _, _)) where attempt == ended:
            return stopped(attempt, reason, now: now)
        case (.stopping(let attempt, let reason), .lost(let ended)) where attempt == ended:
            return stopped(attempt, reason, now: now)
        default:
            return []
        }
    }

    private mutating func drop(_ attempt: Int, _ outcome: TaskState, _ message: String?) -> [Action] {
        state = .done(outcome)
        return [.drop(attempt: attempt, state: outcome, message: message)]
    }

    /// A result that arrives after the stop does not count: the stop decided.
    private mutating func stopped(_ attempt: Int, _ reason: StopReason, now: Timestamp) -> [Action] {
        switch reason {
        case .timeout:
            return fail(
                attempt,
                "The task ran longer than its timeout of \(timeout.inSeconds) s.",
                isFinal: false,
                now: now
            )
        case .cancel:
            state = .done(.cancelled)
            return [.end(attempt: attempt, state: .cancelled, message: "The run was cancelled.")]
        }
    }

    private mutating func fail(_ attempt: Int, _ message: String, isFinal: Bool, now: Timestamp) -> [Action] {
        failures += 1
        let end = Action.end(attempt: attempt, state: .failed, message: message)
        guard failures <= retry.limit, !isFinal else {
            state = .done(.failed)
            return [end]
        }
        return [end, plan(attempt + 1, at: now + retry.pause(before: failures, seed: seed))]
    }

    private mutating func lose(_ attempt: Int, now: Timestamp) -> [Action] {
        losses += 1
        guard losses <= PipelinesLimits.freeLosses else {
            return fail(attempt, "The server ended while the task ran, \(losses) times.", isFinal: false, now: now)
        }
        let message = "The server ended while the task ran; it is tried again."
        return [.end(attempt: attempt, state: .lost, message: message), plan(attempt + 1, at: now)]
    }

    private mutating func plan(_ attempt: Int, at time: Timestamp) -> Action {
        state = .pausing(attempt: attempt, until: time)
        return .plan(attempt: attempt, at: time)
    }
}
