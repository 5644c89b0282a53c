import Synchronization

/// What came of the storyline, handed from the server's companion to the command.
final class DemoOutcome: Sendable {
    private let state = Mutex(false)

    /// Whether every step came about.
    var isComplete: Bool {
        state.withLock { $0 }
    }

    /// Notes the outcome.
    func set(_ isComplete: Bool) {
        state.withLock { $0 = isComplete }
    }
}
