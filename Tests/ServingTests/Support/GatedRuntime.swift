import Core
import Runtimes
import Serving
import Synchronization

/// A model that doubles numbers and answers when the test lets it; a negative number makes the whole call fail.
final class GatedRuntime: ModelRuntime {
    struct State {
        var isOpen: Bool
        var waiting: [CheckedContinuation<Void, Never>] = []
        var calls: [[Float]] = []
        var isClosed = false
        var dropsRows = false
    }

    let name = "gated"
    let inputs: [TensorSpec] = []
    let outputs: [TensorSpec] = []
    let placement: RuntimePlacement
    let memoryBytes: Int
    let state: Mutex<State>

    init(isOpen: Bool = false, placement: RuntimePlacement = .process, memoryBytes: Int = 100) {
        self.placement = placement
        self.memoryBytes = memoryBytes
        state = Mutex(State(isOpen: isOpen))
    }

    /// The values of each call so far.
    var calls: [[Float]] { state.withLock { $0.calls } }

    func infer(_ call: ModelCall) async throws -> ModelResult {
        guard case .rows(let values, let count) = call.input else {
            throw MartletError(.invalidArgument, "The test's model takes rows.")
        }
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                state.calls.append(values)
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if goesOn { continuation.resume() }
        }
        if values.contains(where: { $0 < 0 }) { throw MartletError(.internal, "A negative number.") }
        if state.withLock({ $0.dropsRows }) { return ModelResult(.rows([0], count: 1)) }
        return ModelResult(.rows(values.map { 2 * $0 }, count: count))
    }

    /// Lets the calls that wait go on, and all later ones.
    func open() { release(stays: true) }

    /// Lets the calls that wait go on.
    func letThrough() { release(stays: false) }

    private func release(stays: Bool) {
        let waiting = state.withLock { state in
            if stays { state.isOpen = true }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func close() async { state.withLock { $0.isClosed = true } }

    /// The model as the executor gets it.
    func loaded() throws -> LoadedModel {
        try LoadedModel(
            model: "gated",
            version: 1,
            runtime: self,
            signature: ModelSignature(inputs: [], outputs: []),
            classes: [],
            threshold: 0.5,
            reference: nil
        )
    }
}

/// Waits until something holds that other tasks bring about; false when it does not come within a minute.
func eventually(_ condition: @Sendable () -> Bool) async -> Bool {
    let end = Clock.monotonicNanoseconds + 60_000_000_000
    while !condition() {
        guard Clock.monotonicNanoseconds < end else { return false }
        do { try await Task.sleep(for: .milliseconds(1)) } catch { return false }
    }
    return true
}
