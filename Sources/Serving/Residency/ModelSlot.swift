import Core
import Runtimes
import Synchronization

/// A model in memory, with what runs its calls.
package final class ResidentModel: Sendable {
    /// The model.
    package let loaded: LoadedModel
    /// What runs its calls.
    package let executor: ModelExecutor

    /// Puts a loaded model to work.
    package init(_ loaded: LoadedModel, executor: ModelExecutor) {
        self.loaded = loaded
        self.executor = executor
    }
}

/// The place of one version in memory: empty, being filled, or filled.
///
/// Loads are single-flight, and go on when those who asked for them leave. What leaves memory serves its calls under way
/// to their end.
package final class ModelSlot: Sendable {
    typealias Continuation = CheckedContinuation<ResidentModel, any Error>

    private struct State {
        var resident: ResidentModel?
        /// Whether a load is under way; with a resident model it is a reload.
        var isLoading = false
        var waiters: [Int: Continuation] = [:]
        var lastWaiter = 0
        /// The last failure and until when it stands.
        var failure: (error: any Error, until: UInt64)?
        /// What the model took when it was loaded last.
        var bytes = 0
        /// What left memory last, for as long as calls hold it.
        weak var leaving: ResidentModel?
        /// Whether the pool wants the room back of a model that has just been loaded.
        var leavesAtOnce = false
        /// How the model is run.
        var settings: ServingSettings
    }

    /// What the repository's index calls these.
    package enum Condition: String, Sendable {
        case ready = "READY"
        case loading = "LOADING"
        case unloading = "UNLOADING"
        case unavailable = "UNAVAILABLE"
    }

    private let state: Mutex<State>
    private let pool: ModelPool?
    private let number = Mutex(0)
    private let loader: @Sendable (ServingSettings) async throws -> LoadedModel
    private let firstLoad: Mutex<(@Sendable (LoadedModel) async -> Void)?>

    /// An empty place that `loader` fills on demand; `onFirstLoad` hears of the model before anybody gets it, once.
    package init(
        settings: ServingSettings = ServingSettings(),
        pool: ModelPool? = nil,
        onFirstLoad: (@Sendable (LoadedModel) async -> Void)? = nil,
        loader: @escaping @Sendable (ServingSettings) async throws -> LoadedModel
    ) {
        state = Mutex(State(settings: settings))
        self.pool = pool
        self.loader = loader
        firstLoad = Mutex(onFirstLoad)
        if let pool { number.withLock { $0 = pool.register(self) } }
    }

    deinit {
        pool?.remove(id)
    }

    private var id: Int { number.withLock { $0 } }

    /// The model if it is in memory.
    package var resident: ResidentModel? { state.withLock { $0.resident } }

    /// How the model is run.
    package var settings: ServingSettings { state.withLock { $0.settings } }

    /// Has the model run by other settings from its next load on.
    package func configure(_ settings: ServingSettings) { state.withLock { $0.settings = settings } }

    /// The state of the place.
    package var condition: Condition {
        state.withLock { state in
            if state.resident != nil { return .ready }
            if state.isLoading { return .loading }
            return state.leaving == nil ? .unavailable : .unloading
        }
    }

    /// Bytes that the model takes; 0 when it is not in memory.
    package var bytes: Int { state.withLock { $0.resident == nil ? 0 : $0.bytes } }

    /// When the model was asked last, and whether it is at work; nil when it is not in memory.
    var use: (last: UInt64, isBusy: Bool)? {
        guard let executor = resident?.executor else { return nil }
        let load = executor.load
        return (executor.lastUsed, load.running + load.waiting > 0)
    }

    /// The model, loaded if need be; callers that come while it is loading wait for the one load.
    ///
    /// - Throws: `deadlineExceeded` when the load is not done by `deadline`, while it goes on; `unavailable` when too many
    ///   wait; what the load throws, again at once for a moment, so that a model that cannot be loaded costs little.
    package func load(deadline: UInt64? = nil) async throws -> ResidentModel {
        if let resident { return resident }
        return try await wait(deadline: deadline, isReload: false)
    }

    /// Loads the model anew; the one in memory serves until that is done, and stays when it fails.
    ///
    /// - Throws: what the load throws.
    package func reload() async throws -> ResidentModel {
        try await wait(deadline: nil, isReload: true)
    }

    /// Takes the model out of memory; calls under way finish.
    package func unload() {
        evict()
        pool?.didLeave(id)
    }

    /// As `unload`, at the pool's wish.
    func evict() {
        state.withLock { state in
            guard let resident = state.resident else {
                state.leavesAtOnce = state.isLoading
                return
            }
            state.leaving = resident
            state.resident = nil
        }
    }

    private enum Turn {
        case ready(ResidentModel)
        case failed(any Error)
        case wait(starts: Bool)
    }

    private func wait(deadline: UInt64?, isReload: Bool) async throws -> ResidentModel {
        let now = Clock.monotonicNanoseconds
        let waiter = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        let timer = deadline.map { alarm(waiter, at: $0, now: now) }
        defer { timer?.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                switch enter(waiter, continuation, isReload: isReload, now: now) {
                case .ready(let resident): continuation.resume(returning: resident)
                case .failed(let error): continuation.resume(throwing: error)
                case .wait(let starts):
                    guard starts else { return }
                    let loading = Task { await self.fill() }
                    _ = loading
                }
            }
        } onCancel: {
            giveUp(waiter, CancellationError())
        }
    }

    /// Ends a waiting at its deadline.
    private func alarm(_ waiter: Int, at deadline: UInt64, now: UInt64) -> Task<Void, Never> {
        let task = Task { [weak self] in
            if deadline > now {
                do { try await Task.sleep(nanoseconds: deadline &- now) } catch { return }
            }
            self?.giveUp(waiter, Self.late)
        }
        return task
    }

    private func enter(_ waiter: Int, _ continuation: Continuation, isReload: Bool, now: UInt64) -> Turn {
        state.withLock { state in
            if let resident = state.resident, !isReload { return .ready(resident) }
            if Task.isCancelled { return .failed(CancellationError()) }
            if !isReload, !state.isLoading, let failure = state.failure, now < failure.until {
                return .failed(failure.error)
            }
            guard state.waiters.count <= state.settings.executor.queue else {
                let error = MartletError(
                    .unavailable,
                    "The model is being loaded, and \(state.waiters.count) requests wait for it; try again later."
                )
                return .failed(error)
            }
            state.waiters[waiter] = continuation
            guard !state.isLoading else { return .wait(starts: false) }
            state.isLoading = true
            return .wait(starts: true)
        }
    }

    private static var late: MartletError {
        MartletError(.deadlineExceeded, "The request's deadline passed while its model was being loaded.")
    }

    private func giveUp(_ waiter: Int, _ error: any Error) {
        state.withLock { $0.waiters.removeValue(forKey: waiter) }?.resume(throwing: error)
    }

    /// Loads the model and tells everybody who waits.
    private func fill() async {
        let result: Result<ResidentModel, any Error>
        let (isReload, expected, settings) = state.withLock { ($0.resident != nil, $0.bytes, $0.settings) }
        do {
            if !isReload { try pool?.willLoad(id, bytes: expected) }
            let loaded = try await loader(settings)
            let bytes = max(0, loaded.runtime.memoryBytes)
            let workers = (loaded.runtime as? PythonRuntime)?.workers.count ?? settings.runtime().python.workers
            let executor = ModelExecutor(loaded, settings: settings.executor, workers: workers)
            let resident = ResidentModel(loaded, executor: executor)
            try pool?.didLoad(id, bytes: bytes, idle: settings.idle)
            state.withLock { $0.bytes = bytes }
            if let hear = firstLoad.withLock({ $0 }) {
                await hear(loaded)
                firstLoad.withLock { $0 = nil }
            }
            result = .success(resident)
        } catch {
            // A failed reload leaves the old model, and what it takes, as they were.
            if isReload {
                try? pool?.didLoad(id, bytes: expected, idle: settings.idle)
            } else {
                pool?.didLeave(id)
            }
            result = .failure(error)
        }
        finish(result)
    }

    private func finish(_ result: Result<ResidentModel, any Error>) {
        let now = Clock.monotonicNanoseconds
        let waiters = state.withLock { state -> [Continuation] in
            state.isLoading = false
            switch result {
            case .success(let resident):
                state.leaving = state.leavesAtOnce ? resident : state.resident
                state.resident = state.leavesAtOnce ? nil : resident
                state.failure = nil
                state.leavesAtOnce = false
            case .failure(let error):
                state.failure = (error, now &+ ServingLimits.coldRetryPause.wholeNanoseconds)
            }
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume(with: result) }
    }
}
