/// How one attempt of a task stands; the latest attempt's state is the task's.
package enum TaskState: String, Sendable, CaseIterable {
    /// Waits for the tasks it needs, for a place, or for the pause before a retry to end.
    case pending
    /// Runs now.
    case running
    /// Ended well.
    case succeeded
    /// Ended badly or ran out of time.
    case failed
    /// Ended with its server, not by its own fault; another attempt follows.
    case lost
    /// Was stopped, or never started, because the run was cancelled.
    case cancelled
    /// Never started, because a task that it needs did not succeed.
    case skipped

    /// Whether the attempt will not change any more.
    package var isFinal: Bool {
        self != .pending && self != .running
    }
}

/// How a run of a pipeline stands.
package enum RunState: String, Sendable, CaseIterable {
    /// Waits for a place.
    case queued
    /// Under way.
    case running
    /// Every task succeeded.
    case succeeded
    /// A task failed for good.
    case failed
    /// Was stopped on request.
    case cancelled

    /// Whether the run will not change any more.
    package var isFinal: Bool {
        self == .succeeded || self == .failed || self == .cancelled
    }
}
