import Core
import Synchronization

/// What was said last, and when.
final class LockedLine: Sendable {
    private let state = Mutex<(stage: String, at: Timestamp)?>(nil)

    /// Whether a line about this stage is worth saying now.
    func isDue(_ stage: String, now: Timestamp) -> Bool {
        state.withLock { state in
            if let last = state, last.stage == stage, now - last.at < CommandLimits.importPause { return false }
            state = (stage, now)
            return true
        }
    }
}
