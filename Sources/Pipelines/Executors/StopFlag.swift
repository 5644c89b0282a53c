import Synchronization

/// Whether an attempt is to be stopped for good, as opposed to left by a server that stops itself.
package final class StopFlag: Sendable {
    private let state = Atomic<Bool>(false)

    /// A flag that is down.
    package init() {}

    /// Whether the attempt is to be stopped.
    package var isRaised: Bool {
        state.load(ordering: .acquiring)
    }

    /// Says that the attempt is to be stopped; its Swift task is cancelled after this.
    package func raise() {
        state.store(true, ordering: .releasing)
    }
}
