import Synchronization

/// Takes what an attempt used, also of one that failed; read when its executor has returned or thrown.
package final class TaskMeter: Sendable {
    private let state = Mutex<TaskUsage?>(nil)

    /// A meter that has measured nothing yet.
    package init() {}

    /// What the attempt used; nil where nothing was measured, as for a step inside the server.
    package var reading: TaskUsage? {
        state.withLock { $0 }
    }

    /// Notes what the attempt used.
    ///
    /// - Parameter usage: the measurement, which replaces an earlier one.
    package func note(_ usage: TaskUsage) {
        state.withLock { $0 = usage }
    }
}
