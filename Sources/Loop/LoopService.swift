package import Core
package import Logging

/// Runs every loop: takes signals, asks the triggers, performs what the state machines want, stores what came of it.
///
/// One process advances the loops of one database. After a crash `run()` continues each open loop where its record
/// stands; the effect that was under way is repeated with the same key.
package actor LoopService {
    let store: LoopStore
    let actions: LoopActions
    let clock: Clock
    let logger: Logger
    let onEntry: @Sendable (LoopRecord, LoopStateMachine.Entry) -> Void
    /// Why each trigger opened nothing when it was asked last.
    var refusals: [String: TriggerRefusal] = [:]
    /// When datasets and aliases were looked at last.
    var watchedAt: Timestamp?
    var advancing: Set<String> = []
    private let nudges: AsyncStream<Void>
    private let nudger: AsyncStream<Void>.Continuation

    /// A service over a store; `onEntry` hears of each timeline entry after it is committed, as a hint only.
    package init(
        store: LoopStore,
        actions: LoopActions,
        clock: Clock,
        logger: Logger,
        onEntry: @escaping @Sendable (LoopRecord, LoopStateMachine.Entry) -> Void = { _, _ in }
    ) {
        self.store = store
        self.actions = actions
        self.clock = clock
        self.logger = logger
        self.onEntry = onEntry
        (nudges, nudger) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Advances open loops and waiting triggers until the task is cancelled.
    package func run() async {
        let clock = clock
        let nudger = nudger
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while (try? await clock.sleep(for: LoopLimits.pollInterval)) != nil {
                    nudger.yield()
                }
            }
            nudger.yield()
            for await _ in nudges {
                guard !Task.isCancelled else { break }
                await advance()
            }
            group.cancelAll()
        }
    }

    /// Asks `run()` to look again now, because something that a loop waits for has changed.
    package nonisolated func nudge() {
        nudger.yield()
    }

    /// One look at everything: what triggers watch, what stands, then each open loop as far as it goes without waiting.
    package func advance() async {
        do {
            let triggers = try await store.triggers()
            await watch(triggers)
            let standing = try await store.standingSignals()
            for trigger in triggers {
                guard let signals = standing[trigger.name], let oldest = signals.first else { continue }
                await reconsider(trigger, oldest, among: signals)
            }
            let open = try await store.openLoops()
            await withTaskGroup(of: Void.self) { group in
                for (position, loop) in open.enumerated() {
                    if position >= LoopLimits.maximumConcurrentSteps { await group.next() }
                    group.addTask { await self.advance(loop) }
                }
            }
        } catch {
            // A server that drains leaves the loops where they stand.
            guard !Task.isCancelled else { return }
            logger.error("The loops could not be read; trying again.", metadata: ["error": "\(error)"])
        }
    }
}
