import Core
import Loop
import Synchronization

/// The rest of the house, as a table of effects: it counts each by its idempotency key, and can die after any of them.
///
/// This is the other side of the contract in `LoopActions`: a second call with the same key answers as the first.
final class FakeWorld: Sendable {
    /// When the process dies, relative to an effect.
    enum Death: Sendable, CaseIterable {
        /// The effect was asked for but did not happen.
        case before
        /// The effect happened but its result is lost.
        case after
    }

    struct State {
        var runs: [String: String] = [:]
        var pipelineReads = 0
        var versions: [String: Int] = [:]
        var aliasMoves: [Int] = []
        var pickupLag = 0
        var rolloutReads = 0
        var calls: [String] = []
        var death: (call: Int, when: Death)?
        var failures: [String: [MartletError]] = [:]
        var accepted = true
        var promotes = true
        var climbsForEver = false
        var labelled = 100
        var outputs: JSONObject = ["candidate": "runs/1"]
    }

    let state: Mutex<State>

    init(accepted: Bool = true, promotes: Bool = true) {
        var state = State()
        state.accepted = accepted
        state.promotes = promotes
        self.state = Mutex(state)
    }

    var calls: [String] {
        state.withLock(\.calls)
    }

    /// Does the effect unless the process dies at this call.
    ///
    /// Death is a cancelled task that stores nothing more.
    private func call<T: Sendable>(_ name: String, _ effect: (inout State) throws -> T) throws -> T {
        try state.withLock { state in
            if var failures = state.failures[name], !failures.isEmpty {
                let failure = failures.removeFirst()
                state.failures[name] = failures
                throw failure
            }
            state.calls.append(name)
            let death = state.death.flatMap { $0.call == state.calls.count ? $0.when : nil }
            if death == .before { try die() }
            let result = try effect(&state)
            if death == .after { try die() }
            return result
        }
    }

    private func die() throws -> Never {
        withUnsafeCurrentTask { $0?.cancel() }
        throw CancellationError()
    }

    var actions: LoopActions {
        LoopActions(
            startPipeline: { order in
                try self.call("startPipeline") { state in
                    if let run = state.runs[order.idempotencyKey] { return run }
                    let run = "run-\(state.runs.count + 1)"
                    state.runs[order.idempotencyKey] = run
                    return run
                }
            },
            pipelineProgress: { _ in
                try self.call("pipelineProgress") { state in
                    state.pipelineReads += 1
                    return state.pipelineReads < 2 ? .running : .succeeded(outputs: state.outputs)
                }
            },
            gate: { question in
                try self.call("gate") { state in
                    GateVerdict(accepted: state.accepted, reason: question.rule.metric, evidence: ["delta": 0.1])
                }
            },
            register: { _, _, key in
                try self.call("register") { state in
                    if let version = state.versions[key] { return version }
                    let version = state.versions.count + 2
                    state.versions[key] = version
                    return version
                }
            },
            startRollout: { _, _, version in
                try self.call("startRollout") { state in
                    if state.aliasMoves.last != version { state.aliasMoves.append(version) }
                }
            },
            rolloutProgress: { _, _, version in
                try self.call("rolloutProgress") { state in
                    guard state.aliasMoves.contains(version) else { return .notStarted }
                    state.pickupLag -= 1
                    guard state.pickupLag < 0 else { return .notStarted }
                    state.rolloutReads += 1
                    guard !state.climbsForEver else { return .progressing(weight: state.rolloutReads % 100) }
                    switch state.rolloutReads {
                    case 1: return .progressing(weight: 10)
                    case 2: return .progressing(weight: 50)
                    default: return state.promotes ? .promoted : .rolledBack(reason: "accuracy fell")
                    }
                }
            },
            newLabelledRows: { _, _, _ in self.state.withLock(\.labelled) }
        )
    }
}
