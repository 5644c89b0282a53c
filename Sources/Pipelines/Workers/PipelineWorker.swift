package import Core
package import Logging
import Synchronization

/// Takes offers and runs them until it is told to stop.
///
/// The first request to stop lets what runs come to its end and takes nothing new; the second, or the end of the time for
/// that, gives back what still runs.
package final class PipelineWorker: Sendable {
    private struct State {
        var attempts: [Offer.Key: WorkerAttempt] = [:]
        /// Until when attempts may go on; nil while the worker takes new ones.
        var drainsUntil: Timestamp?
        var isStopping = false
    }

    private let offers: OfferStore
    private let configuration: WorkerConfiguration
    private let clock: Clock
    private let logger: Logger
    private let state = Mutex(State())
    private let wakeups: AsyncStream<Void>
    private let wakeup: AsyncStream<Void>.Continuation

    /// A worker that has not begun.
    ///
    /// - Parameters:
    ///   - offers: where offers are.
    ///   - configuration: what it serves and how.
    ///   - clock: the time.
    ///   - logger: takes what operators should know.
    package init(offers: OfferStore, configuration: WorkerConfiguration, clock: Clock, logger: Logger) {
        self.offers = offers
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        (wakeups, wakeup) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Attempts that run now.
    package var running: Int {
        state.withLock { $0.attempts.count }
    }

    /// Asks the worker to stop: once to let what runs come to its end, twice to give it back.
    package func stop() {
        let until = clock.now + configuration.drain
        state.withLock { state in
            if state.drainsUntil == nil { state.drainsUntil = until } else { state.isStopping = true }
        }
        wakeup.yield()
    }

    /// Works until it was asked to stop and nothing runs any more, or its Swift task is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.beat() }
            group.addTask { await self.tick() }
            wakeup.yield()
            for await _ in wakeups {
                if isDone() { break }
                for claim in await claim() { begin(claim, &group) }
            }
            endAll(.givenBack)
            // What runs ends before the heartbeat does: a cancelled attempt could not be given back any more.
            while running > 0, !Task.isCancelled {
                do { try await clock.sleep(for: PipelinesLimits.logDelay) } catch { break }
            }
            group.cancelAll()
        }
    }

    private func begin(_ claim: OfferClaim, _ group: inout DiscardingTaskGroup) {
        let attempt = WorkerAttempt(
            claim,
            offers: offers,
            configuration: configuration,
            clock: clock,
            logger: logger
        )
        state.withLock { $0.attempts[claim.key] = attempt }
        group.addTask {
            await attempt.run()
            self.state.withLock { $0.attempts[claim.key] = nil }
            self.wakeup.yield()
        }
    }

    /// Whether the worker has nothing more to do; past its time it gives back what runs.
    private func isDone() -> Bool {
        let now = clock.now
        return state.withLock { state in
            guard let until = state.drainsUntil else { return false }
            return state.attempts.isEmpty || state.isStopping || now >= until
        }
    }

    private func endAll(_ reason: WorkerAttempt.Stop) {
        for attempt in state.withLock({ Array($0.attempts.values) }) { attempt.end(reason) }
    }

    private func claim() async -> [OfferClaim] {
        let free = state.withLock { $0.drainsUntil == nil ? configuration.slots - $0.attempts.count : 0 }
        guard free > 0 else { return [] }
        do {
            return try await offers.claim(worker: configuration.name, queues: configuration.queues, limit: free)
        } catch {
            logger.warning("Offers could not be read: \(error)")
            return []
        }
    }

    private func tick() async {
        while true {
            do { try await clock.sleep(for: PipelinesLimits.offerPoll) } catch { return }
            wakeup.yield()
        }
    }

    /// Says that the worker lives, and stops what it has lost or is asked to stop.
    private func beat() async {
        while true {
            do { try await clock.sleep(for: PipelinesLimits.workerHeartbeat) } catch { return }
            let attempts = state.withLock { $0.attempts }
            do {
                let held = try await offers.heartbeat(worker: configuration.name)
                for (key, attempt) in attempts {
                    guard let claim = held[key], claim.fence == attempt.claim.fence else {
                        // One that is being recorded right now is not held any more, either.
                        if state.withLock({ $0.attempts[key] != nil }) { attempt.end(.lost) }
                        continue
                    }
                    if claim.isStopRequested { attempt.end(.requested) }
                }
            } catch {
                logger.warning("The worker's heartbeat failed: \(error)")
            }
        }
    }
}
