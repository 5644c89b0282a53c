import Core
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
package final class ModelSlot: Sendable {
    private enum State {
        case cold
        case loading([CheckedContinuation<ResidentModel, any Error>])
        case resident(ResidentModel)
    }

    private let state = Mutex(State.cold)
    private let loader: @Sendable () async throws -> LoadedModel

    /// An empty place that `loader` fills on demand.
    package init(loader: @escaping @Sendable () async throws -> LoadedModel) {
        self.loader = loader
    }

    /// The model if it is in memory.
    package var resident: ResidentModel? {
        state.withLock { if case .resident(let model) = $0 { model } else { nil } }
    }

    /// The model, loaded if need be; callers that come while it is loading wait for the one load.
    ///
    /// - Throws: what the load throws; the next call tries again.
    package func load() async throws -> ResidentModel {
        enum Turn {
            case ready(ResidentModel)
            case wait
            case load
        }
        let turn = state.withLock { state -> Turn in
            switch state {
            case .resident(let model): return .ready(model)
            case .loading: return .wait
            case .cold:
                state = .loading([])
                return .load
            }
        }
        switch turn {
        case .ready(let model): return model
        case .wait: return try await waitForLoad()
        case .load:
            let result: Result<ResidentModel, any Error>
            do {
                let loaded = try await loader()
                result = .success(ResidentModel(loaded, executor: ModelExecutor(loaded)))
            } catch {
                result = .failure(error)
            }
            finish(result)
            return try result.get()
        }
    }

    private func waitForLoad() async throws -> ResidentModel {
        try await withCheckedThrowingContinuation { continuation in
            let ready = state.withLock { state -> Result<ResidentModel, any Error>? in
                switch state {
                case .resident(let model): return .success(model)
                case .loading(let waiters):
                    state = .loading(waiters + [continuation])
                    return nil
                case .cold: return .failure(MartletError(.unavailable, "The model could not be loaded; try again."))
                }
            }
            if let ready { continuation.resume(with: ready) }
        }
    }

    private func finish(_ result: Result<ResidentModel, any Error>) {
        let waiters = state.withLock { state -> [CheckedContinuation<ResidentModel, any Error>] in
            guard case .loading(let waiters) = state else { return [] }
            state = if case .success(let model) = result { .resident(model) } else { .cold }
            return waiters
        }
        for waiter in waiters { waiter.resume(with: result) }
    }
}
