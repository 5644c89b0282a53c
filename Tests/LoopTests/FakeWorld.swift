import Core
import Loop
import Storage
import Synchronization

/// The rest of the house, as a table of effects: it counts each by its idempotency key, and the process can die around any of them.
///
/// This is the other side of the contract in `LoopActions`: a second call with the same key answers as the first.
final class FakeWorld: Sendable {
    /// When the process dies, relative to an effect or to a commit.
    enum Death: Sendable, CaseIterable {
        /// The effect was asked for but did not happen.
        case before
        /// The effect happened but its result is lost.
        case after
    }

    struct State {
        var runs: [String: String] = [:]
        var cancelledRuns: Set<String> = []
        var pipelineReads = 0
        var versions: [String: Int] = [:]
        var alias: Int? = 1
        var aliasMoves: [Int] = []
        var serving: Int? = 1
        var aborts: [Int] = []
        var movesBack: [Int] = []
        var ended: [Int: RolloutProgress] = [:]
        var commits: [String: LoopCommit] = [:]
        var orders: [LoopWriteBack] = []
        var pickupLag = 0
        var rolloutReads = 0
        var taken: Set<Int> = []
        var movesByHand = 0
        var calls: [String] = []
        var stored = 0
        var death: (call: Int, when: Death)?
        var commitDeath: (commit: Int, when: Death)?
        var isDead = false
        var failures: [String: [MartletError]] = [:]
        var lostAnswers: [String: Int] = [:]
        var storeFailures = 0
        var accepted = true
        var promotes = true
        var climbsForEver = false
        var labelled = 100
        var outputs: JSONObject = ["candidate": "runs/1"]
        var dataset: WatchedDataset?
        var aliases: [String: Int] = [:]
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

    /// Does the effect unless the process dies at this call, or is dead already.
    ///
    /// Death is a cancelled task that stores nothing more.
    private func call<T: Sendable>(_ name: String, _ effect: (inout State) throws -> T) throws -> T {
        try state.withLock { state in
            guard !state.isDead else { throw CancellationError() }
            if var failures = state.failures[name], !failures.isEmpty {
                let failure = failures.removeFirst()
                state.failures[name] = failures
                throw failure
            }
            state.calls.append(name)
            let death = state.death.flatMap { $0.call == state.calls.count ? $0.when : nil }
            if death == .before { try die(&state) }
            let result = try effect(&state)
            if death == .after { try die(&state) }
            if let lost = state.lostAnswers[name], lost > 0 {
                state.lostAnswers[name] = lost - 1
                throw MartletError(.unavailable, "the answer was lost")
            }
            return result
        }
    }

    private func die(_ state: inout State) throws -> Never {
        state.isDead = true
        withUnsafeCurrentTask { $0?.cancel() }
        throw CancellationError()
    }

    /// Stands in the transaction of each line of a timeline; what it throws undoes the transaction.
    func storing() throws {
        try state.withLock { state in
            guard !state.isDead else { throw CancellationError() }
            if state.storeFailures > 0 {
                state.storeFailures -= 1
                throw MartletError(.unavailable, "the database is away")
            }
            state.stored += 1
            if let death = state.commitDeath, death.commit == state.stored, death.when == .before { try die(&state) }
        }
    }

    /// Stands right after the commit of a line.
    func stored() {
        state.withLock { state in
            guard let death = state.commitDeath, death.commit <= state.stored, death.when == .after else { return }
            state.commitDeath = nil
            state.isDead = true
            withUnsafeCurrentTask { $0?.cancel() }
        }
    }

    /// A new process.
    func revive() {
        state.withLock { $0.isDead = false }
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
            pipelineProgress: { run in
                try self.call("pipelineProgress") { state in
                    if state.cancelledRuns.contains(run) { return .failed(message: "cancelled") }
                    state.pipelineReads += 1
                    return state.pipelineReads < 2 ? .running : .succeeded(outputs: state.outputs)
                }
            },
            gateFigures: { question in
                try self.call("gate") { state in
                    let value = state.accepted ? 0.9 : 0.1
                    return GateFigures(
                        championVersion: state.alias,
                        candidate: [question.rule.metric: value],
                        champion: [question.rule.metric: 0.5]
                    )
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
            startRollout: { order in try self.call("startRollout") { Self.start(order, &$0) } },
            rolloutProgress: { _, _, version in
                try self.call("rolloutProgress") { Self.progress(of: version, &$0) }
            },
            writeBack: { order in
                try self.call("writeBack") { state in
                    state.orders.append(order)
                    if let commit = state.commits[order.key] { return commit }
                    let commit = LoopCommit(commit: "c0ffee\(state.commits.count)", branch: "main", changed: true)
                    state.commits[order.key] = commit
                    return commit
                }
            },
            checkWriteBack: { gitops, path in
                guard gitops["repository"]?.stringValue != nil else {
                    throw MartletError(.invalidArgument, "'\(path).repository' is missing.")
                }
            },
            undo: { order in try self.call("undo") { Self.undo(order, &$0) } },
            newLabelledRows: { _, _, _ in self.state.withLock(\.labelled) },
            dataset: { _ in self.state.withLock(\.dataset) },
            aliasVersion: { model, alias in self.state.withLock { $0.aliases["\(model)@\(alias)"] } },
            authenticationCode: { secret, message in
                guard secret == "hook" else { throw MartletError(.notFound, "no secret") }
                return Self.code(message)
            }
        )
    }

    /// Stands for HMAC-SHA256: what the loop needs is only that it depends on every byte.
    static func code(_ message: [UInt8]) -> [UInt8] {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in message { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return withUnsafeBytes(of: state.littleEndian) { Array($0) }
    }

    private static func start(_ order: RolloutOrder, _ state: inout State) -> RolloutStart {
        if state.alias == order.version { return .started }
        guard state.alias == order.champion else { return .championChanged(to: state.alias) }
        state.alias = order.version
        state.aliasMoves.append(order.version)
        return .started
    }

    private static func progress(of version: Int, _ state: inout State) -> RolloutProgress {
        if let ended = state.ended[version] { return ended }
        guard state.alias == version else {
            // A rollout whose alias somebody moves away is withdrawn.
            guard state.taken.contains(version) else { return .superseded(by: state.alias) }
            state.ended[version] = .rolledBack(reason: "the alias moved")
            return .rolledBack(reason: "the alias moved")
        }
        state.pickupLag -= 1
        guard state.pickupLag < 0 else { return .notStarted }
        state.taken.insert(version)
        state.rolloutReads += 1
        guard !state.climbsForEver else { return .progressing(weight: state.rolloutReads % 100) }
        switch state.rolloutReads {
        case 1: return .progressing(weight: 10)
        case 2: return .progressing(weight: 50)
        default:
            state.ended[version] = state.promotes ? .promoted : .rolledBack(reason: "accuracy fell")
            if state.promotes { state.serving = version } else { state.alias = state.serving }
            return state.ended[version] ?? .notStarted
        }
    }

    private static func undo(_ order: UndoOrder, _ state: inout State) -> Undone {
        var lines: [String] = []
        if let run = state.runs[order.pipelineKey], state.pipelineReads < 2,
            state.cancelledRuns.insert(run).inserted
        {
            lines.append("The run \(run) was cancelled.")
        }
        guard let version = order.version ?? state.versions[order.versionKey] else { return Undone(lines) }
        if state.serving == version { return Undone(["It serves."], isPromoted: true) }
        if state.taken.contains(version), state.ended[version] == nil {
            state.ended[version] = .rolledBack(reason: "aborted")
            state.aborts.append(version)
            lines.append("The rollout was aborted.")
        }
        if state.alias == version {
            state.alias = order.champion
            state.movesBack.append(version)
            lines.append("The alias was moved back.")
        }
        return Undone(lines)
    }
}
