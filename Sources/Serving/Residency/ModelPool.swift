package import Core
import Synchronization

/// All models of the server that are in memory, held within a budget.
package final class ModelPool: Sendable {
    private struct WeakSlot {
        weak var slot: ModelSlot?
    }

    private struct State {
        var plan: ResidencyPlan
        var slots: [Int: WeakSlot] = [:]
        var last = 0
        var evictions = 0
        var loads = 0
    }

    /// What the pool holds.
    package struct Figures: Sendable, Equatable {
        /// The most bytes that models may take; nil for no limit.
        package let budget: Int?
        /// Bytes that models take.
        package let bytes: Int
        /// Models in memory or being loaded.
        package let models: Int
        /// Loads since the start.
        package let loads: Int
        /// Models that had to leave, for room or because nobody asked, since the start.
        package let evictions: Int
    }

    private let state: Mutex<State>
    private let clock: Clock

    /// An empty pool.
    package init(budget: Int? = nil, clock: Clock = .system) {
        self.clock = clock
        state = Mutex(State(plan: ResidencyPlan(budget: budget)))
    }

    /// The most bytes that models may take; nil for no limit.
    ///
    /// What is over a smaller budget leaves when it is idle or the next model comes.
    package var budget: Int? {
        get { state.withLock { $0.plan.budget } }
        set { state.withLock { $0.plan.budget = newValue } }
    }

    /// What the pool holds now.
    package var figures: Figures {
        state.withLock {
            Figures(
                budget: $0.plan.budget,
                bytes: $0.plan.bytes,
                models: $0.plan.places.count,
                loads: $0.loads,
                evictions: $0.evictions
            )
        }
    }

    /// Takes idle models out of memory until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            do { try await clock.sleep(for: ServingLimits.idleCheck) } catch { return }
            sweep()
        }
    }

    /// Takes those models out of memory that were idle for too long.
    package func sweep(now: UInt64 = Clock.monotonicNanoseconds) {
        carryOut(.tick, now: now)
    }

    /// A number for a slot, by which the pool knows it.
    func register(_ slot: ModelSlot) -> Int {
        state.withLock { state in
            state.last += 1
            state.slots[state.last] = WeakSlot(slot: slot)
            return state.last
        }
    }

    /// Forgets a slot.
    func remove(_ id: Int) {
        state.withLock { state in
            state.slots[id] = nil
            _ = state.plan.handle(.left(id), now: 0)
        }
    }

    /// Makes room for a model that is about to be loaded.
    ///
    /// - Throws: `resourceExhausted` when it is larger than the whole memory.
    func willLoad(_ id: Int, bytes: Int) throws(MartletError) {
        state.withLock { $0.loads += 1 }
        if let refused = carryOut(.loading(id, bytes: bytes)) { throw tooLarge(refused) }
    }

    /// Counts a model that was loaded, and makes room for it.
    ///
    /// - Throws: `resourceExhausted` when it is larger than the whole memory.
    func didLoad(_ id: Int, bytes: Int, idle: Duration?) throws(MartletError) {
        let event = ResidencyPlan.Event.loaded(id, bytes: bytes, idle: idle?.wholeNanoseconds)
        if let refused = carryOut(event) { throw tooLarge(refused) }
    }

    /// Counts a model out that left or could not be loaded.
    func didLeave(_ id: Int) {
        carryOut(.left(id))
    }

    /// Decides, and unloads what has to go; returns the size of a model that can never fit.
    @discardableResult
    private func carryOut(_ event: ResidencyPlan.Event, now: UInt64 = Clock.monotonicNanoseconds) -> Int? {
        var refused: Int?
        let residents = state.withLock { state in
            state.plan.places.keys.compactMap { id in state.slots[id]?.slot.map { (id, $0) } }
        }
        // Slots are asked outside the lock: they call the pool under their own.
        let uses = residents.compactMap { id, slot in slot.use.map { (id, $0) } }
        let leaving = state.withLock { state -> [ModelSlot] in
            for (id, use) in uses { _ = state.plan.handle(.used(id, at: use.last, isBusy: use.isBusy), now: now) }
            var leaving: [ModelSlot] = []
            for action in state.plan.handle(event, now: now) {
                switch action {
                case .unload(let id):
                    state.evictions += 1
                    if let slot = state.slots[id]?.slot { leaving.append(slot) }
                case .refuse(_, let bytes): refused = bytes
                }
            }
            return leaving
        }
        for slot in leaving { slot.evict() }
        return refused
    }

    private func tooLarge(_ bytes: Int) -> MartletError {
        MartletError(
            .resourceExhausted,
            "The model takes \(bytes) bytes, more than all models together may: \(budget ?? 0); raise --model-memory."
        )
    }
}
