import Core
import Synchronization

/// Tells blocking work that its task was cancelled, which it cannot see by itself.
package final class StopSignal: Sendable {
    private let isStopped = Atomic(false)

    /// A signal that is not given yet.
    package init() {}

    /// Gives the signal.
    package func stop() {
        isStopped.store(true, ordering: .releasing)
    }

    /// Throws `CancellationError` once the signal is given.
    package func check() throws {
        if isStopped.load(ordering: .acquiring) { throw CancellationError() }
    }

    /// Runs blocking work off the cooperative pool; cancelling the task gives the signal.
    static func run<Result: Sendable>(_ work: @escaping @Sendable (StopSignal) throws -> Result) async throws -> Result
    {
        let signal = StopSignal()
        return try await withTaskCancellationHandler {
            try await BlockingWork.run { try work(signal) }
        } onCancel: {
            signal.stop()
        }
    }
}
