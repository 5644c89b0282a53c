import Core
import Runtimes
import Serving
import Synchronization
import Testing

@Suite("Place of a model in memory")
struct ModelSlotTests {
    /// Loads that wait until the test lets them go.
    final class Loader: Sendable {
        struct State {
            var loads = 0
            var isOpen = true
            var waiting: [CheckedContinuation<Void, Never>] = []
            var failure: MartletError?
            var bytes = 100
            var runtimes: [GatedRuntime] = []
        }

        let state = Mutex(State())

        var loads: Int { state.withLock { $0.loads } }

        func load() async throws -> LoadedModel {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    state.loads += 1
                    if !state.isOpen { state.waiting.append(continuation) }
                    return state.isOpen
                }
                if goesOn { continuation.resume() }
            }
            if let failure = state.withLock({ $0.failure }) { throw failure }
            let runtime = GatedRuntime(isOpen: true, memoryBytes: state.withLock { $0.bytes })
            state.withLock { $0.runtimes.append(runtime) }
            return try runtime.loaded()
        }

        func open() {
            let waiting = state.withLock { state in
                state.isOpen = true
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    private func slot(_ loader: Loader, pool: ModelPool? = nil, idle: Duration? = nil, queue: Int = 16) -> ModelSlot {
        var settings = ServingSettings()
        settings.idle = idle
        settings.executor.queue = queue
        return ModelSlot(settings: settings, pool: pool) { _ in try await loader.load() }
    }

    @Test("Many requests for a cold model cause one load")
    func singleFlight() async throws {
        let loader = Loader()
        loader.state.withLock { $0.isOpen = false }
        let slot = slot(loader)
        #expect(slot.condition == .unavailable)
        let tasks = (0..<10).map { _ in Task { try await slot.load() } }
        #expect(await eventually { loader.state.withLock { !$0.waiting.isEmpty } })
        #expect(slot.condition == .loading)
        loader.open()
        var models: Set<ObjectIdentifier> = []
        for task in tasks { models.insert(ObjectIdentifier(try await task.value)) }
        #expect(models.count == 1)
        #expect(loader.loads == 1)
        #expect(slot.condition == .ready)
        #expect(slot.bytes == 100)
    }

    @Test("The load goes on when the one who asked for it has gone, and a deadline ends only the waiting")
    func departure() async throws {
        let loader = Loader()
        loader.state.withLock { $0.isOpen = false }
        let slot = slot(loader)
        let first = Task { try await slot.load() }
        #expect(await eventually { loader.loads == 1 })
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        let late = await #expect(throws: MartletError.self) {
            try await slot.load(deadline: Clock.monotonicNanoseconds + 10_000_000)
        }
        #expect(late?.code == .deadlineExceeded)
        loader.open()
        _ = try await slot.load()
        #expect(loader.loads == 1)
    }

    @Test("Too many who wait for a load are refused")
    func bounded() async throws {
        let loader = Loader()
        loader.state.withLock { $0.isOpen = false }
        let slot = slot(loader, queue: 0)
        let first = Task { try await slot.load() }
        #expect(await eventually { loader.loads == 1 })
        let refused = await #expect(throws: MartletError.self) { try await slot.load() }
        #expect(refused?.code == .unavailable)
        loader.open()
        _ = try await first.value
    }

    @Test("A model that cannot be loaded is not tried again by every request")
    func failure() async throws {
        let loader = Loader()
        loader.state.withLock { $0.failure = MartletError(.dataLoss, "The file is corrupt.") }
        let slot = slot(loader)
        let begun = Clock.monotonicNanoseconds
        for _ in 0..<5 {
            let error = await #expect(throws: MartletError.self) { try await slot.load() }
            #expect(error?.code == .dataLoss)
        }
        // One try, and one more for each pause that a busy machine let pass.
        let pauses = Duration.nanoseconds(Clock.monotonicNanoseconds - begun) / ServingLimits.coldRetryPause
        #expect(loader.loads >= 1 && loader.loads <= 1 + Int(pauses))
        loader.state.withLock { $0.failure = nil }
        _ = try await slot.reload()
        #expect(slot.condition == .ready)
    }

    @Test("While a model is loaded anew the old one serves, and stays when that fails")
    func reload() async throws {
        let loader = Loader()
        let pool = ModelPool(budget: 1000)
        let slot = slot(loader, pool: pool)
        let old = try await slot.load()
        loader.state.withLock { $0.isOpen = false }
        let reload = Task { try await slot.reload() }
        #expect(await eventually { loader.loads == 2 })
        #expect(slot.resident === old)
        #expect(slot.condition == .ready)
        loader.open()
        #expect(try await reload.value !== old)
        #expect(slot.resident !== old)
        let present = slot.resident
        loader.state.withLock { $0.failure = MartletError(.internal, "no") }
        await #expect(throws: MartletError.self) { try await slot.reload() }
        #expect(slot.resident === present)
        #expect(pool.figures.bytes == 100)
        #expect(pool.figures.models == 1)
    }

    @Test("What leaves memory finishes its calls, is closed then, and comes back when asked")
    func unload() async throws {
        let loader = Loader()
        let pool = ModelPool()
        let slot = slot(loader, pool: pool)
        var resident: ResidentModel? = try await slot.load()
        let runtime = try #require(loader.state.withLock { $0.runtimes.first })
        runtime.state.withLock { $0.isOpen = false }
        let call = ModelCall(.rows([1], count: 1))
        let answer = Task { [executor = resident?.executor] in try await executor?.run(call, rows: 1).result }
        #expect(await eventually { runtime.calls.count == 1 })
        resident = nil
        slot.unload()
        #expect(slot.resident == nil)
        #expect(pool.figures.models == 0)
        #expect(!runtime.state.withLock { $0.isClosed })
        runtime.open()
        #expect(try await answer.value == .rows([2], count: 1))
        #expect(await eventually { runtime.state.withLock { $0.isClosed } })
        #expect(await eventually { slot.condition == .unavailable })
        _ = try await slot.load()
        #expect(loader.loads == 2)
    }

    @Test("A pool with room for two keeps the two that were asked last")
    func pool() async throws {
        let pool = ModelPool(budget: 250)
        let loaders = (0..<3).map { _ in Loader() }
        let slots = loaders.map { slot($0, pool: pool) }
        for slot in slots { _ = try await slot.load() }
        #expect(slots.map { $0.resident != nil } == [false, true, true])
        _ = try await slots[1].load().executor.run(ModelCall(.rows([1], count: 1)), rows: 1)
        _ = try await slots[0].load()
        #expect(slots.map { $0.resident != nil } == [true, true, false])
        withExtendedLifetime(slots) { #expect(pool.figures.bytes == 200) }
        #expect(pool.figures.evictions == 2)
        #expect(pool.figures.loads == 4)
        #expect(await eventually { loaders[2].state.withLock { $0.runtimes[0].state.withLock { $0.isClosed } } })
    }

    @Test("A model larger than the whole memory is refused, the others stay")
    func tooLarge() async throws {
        let pool = ModelPool(budget: 250)
        let small = Loader()
        let large = Loader()
        large.state.withLock { $0.bytes = 300 }
        let slots = [slot(small, pool: pool), slot(large, pool: pool)]
        _ = try await slots[0].load()
        let refused = await #expect(throws: MartletError.self) { try await slots[1].load() }
        #expect(refused?.code == .resourceExhausted)
        #expect(slots[0].resident != nil)
        #expect(slots[1].resident == nil)
        // The pool knows its places only as long as somebody has them.
        withExtendedLifetime(slots) { #expect(pool.figures.bytes == 100) }
    }

    @Test("Scale to zero: a model leaves after its idle time, not while it works")
    func idle() async throws {
        let pool = ModelPool()
        let loader = Loader()
        let slot = slot(loader, pool: pool, idle: .seconds(500))
        let executor = try await slot.load().executor
        pool.sweep(now: Clock.monotonicNanoseconds + 100_000_000_000)
        #expect(slot.resident != nil)
        let runtime = try #require(loader.state.withLock { $0.runtimes.first })
        runtime.state.withLock { $0.isOpen = false }
        let call = Task { try await executor.run(ModelCall(.rows([1], count: 1)), rows: 1) }
        #expect(await eventually { executor.load == (0, 1) })
        pool.sweep(now: Clock.monotonicNanoseconds + 6_000_000_000_000)
        #expect(slot.resident != nil)
        runtime.open()
        _ = try await call.value
        pool.sweep(now: Clock.monotonicNanoseconds + 6_000_000_000_000)
        #expect(slot.resident == nil)
        #expect(pool.figures.models == 0)
        #expect(pool.figures.evictions == 1)
    }

    @Test("A slot that is dropped is forgotten by its pool")
    func dropped() async throws {
        let pool = ModelPool(budget: 250)
        do { _ = try await slot(Loader(), pool: pool).load() }
        #expect(await eventually { pool.figures.models == 0 })
    }
}
