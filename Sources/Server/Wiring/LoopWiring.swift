import Artifacts
import Core
import Crypto
import Datasets
import Foundation
import Learning
import Ledger
import Logging
import Loop
import Monitoring
import Pipelines
import Registry
import Rollouts
import Secrets
import Serving
import Tracking

/// What the loop does to the rest of the house.
struct LoopWiring: Sendable {
    /// Writes outcomes to Git; nil on a server that does not.
    struct WriteBack: Sendable {
        let write: @Sendable (LoopWriteBack) async throws -> LoopCommit
        let check: @Sendable (_ gitops: JSONObject, _ path: String) async throws -> Void
    }

    let stores: Stores
    let pipelines: PipelineService
    let deployments: DeploymentController
    let ledgerStore: LedgerStore
    let monitors: MonitorService
    /// Hears of each line of a loop's timeline in the transaction that stores it.
    var outbox: LoopStore.Outbox = { _, _, _ in }
    var writeBack: WriteBack?

    /// The service that decides when the loop does what.
    func service(clock: Clock, logger: Logger) -> LoopService {
        LoopService(
            store: LoopStore(database: stores.database, outbox: outbox),
            actions: actions(),
            clock: clock,
            logger: logger
        )
    }

    /// The closures for `LoopService`.
    func actions() -> LoopActions {
        LoopActions(
            startPipeline: startPipeline,
            pipelineProgress: pipelineProgress,
            gateFigures: GateWiring(stores: stores).figures,
            register: register,
            startRollout: startRollout,
            rolloutProgress: rolloutProgress,
            writeBack: writeOutcome,
            checkWriteBack: checkWriteBack,
            undo: LoopUndoing(wiring: self).undo,
            newLabelledRows: newLabelledRows,
            dataset: { name in
                guard let summary = try await stores.datasets.summary(name), let version = summary.version else {
                    return nil
                }
                return WatchedDataset(version: version, rows: summary.cleanRows, checksPassed: summary.checksPassed)
            },
            aliasVersion: aliasVersion,
            authenticationCode: authenticationCode
        )
    }

    /// Starts the run; a pipeline with a parameter `since` is told when the drift began, so that it trains on what came after.
    private func startPipeline(_ order: TrainingOrder) async throws -> String {
        var parameters = order.parameters
        let declared = try await pipelines.pipeline(order.pipeline).parameters
        if declared["since"] != nil, parameters["since"] == nil {
            parameters["since"] = order.signal.evidence["since"] ?? .integer(0)
        }
        return try await pipelines.startRun(
            pipeline: order.pipeline,
            parameters: parameters,
            trigger: "loop",
            key: order.idempotencyKey
        )
    }

    private func pipelineProgress(_ runID: String) async throws -> PipelineProgress {
        let run = try await pipelines.run(runID)
        switch run.state {
        case .queued, .running: return .running
        // What the last task of the file gives is what the pipeline gives.
        case .succeeded: return .succeeded(outputs: run.tasks.last?.outputs ?? [:])
        case .failed, .cancelled:
            return .failed(message: run.error ?? "The pipeline run \(run.state.rawValue).")
        }
    }

    /// The tag that tells which loop registered a version.
    static let loopTag = "martlet.loop"

    /// Registers once per key: a version that carries the key already is the answer.
    private func register(_ model: String, _ outputs: JSONObject, _ idempotencyKey: String) async throws -> Int {
        try await RegistrySteps.register(
            outputs,
            as: model,
            tags: [Self.loopTag: idempotencyKey],
            uniqueTag: Self.loopTag,
            in: stores.registry
        ).version
    }

    /// The version that an alias names; nil for none.
    func aliasVersion(_ model: String, _ alias: String) async throws -> Int? {
        do {
            return try await stores.registry.resolve(alias: alias, of: model)
        } catch let error as MartletError where error.code == .notFound || error.code == .invalidArgument {
            return nil
        }
    }

    /// Moves the alias from the champion that the gate judged against; anybody else's move since then goes first.
    private func startRollout(_ order: RolloutOrder) async throws -> RolloutStart {
        let current = try await aliasVersion(order.model, order.alias)
        if current == order.version { return .started }
        guard current == order.champion else { return .championChanged(to: current) }
        try await stores.registry.setAlias(model: order.model, alias: order.alias, version: order.version)
        return .started
    }

    private func rolloutProgress(_ model: String, _ alias: String, _ version: Int) async throws -> RolloutProgress {
        if let record = try await deployments.rollout(model: model, alias: alias, version: version) {
            let progress = record.machine.loopProgress
            if progress != .notStarted { return progress }
        }
        if await deployments.serves(model: model, alias: alias, version: version) { return .promoted }
        let current = try await aliasVersion(model, alias)
        return current == version ? .notStarted : .superseded(by: current)
    }

    private func checkWriteBack(_ gitops: JSONObject, _ path: String) async throws {
        guard let writeBack else {
            throw MartletError(.failedPrecondition, "'\(path)': this server writes nothing to Git.")
        }
        try await writeBack.check(gitops, path)
    }

    private func writeOutcome(_ order: LoopWriteBack) async throws -> LoopCommit {
        guard let writeBack else {
            throw MartletError(.failedPrecondition, "This server writes nothing to Git.")
        }
        var order = order
        order.deployment = await deployments.statuses().first { status in
            status.spec.model == order.model && status.spec.alias == order.alias
        }?.spec.name
        return try await writeBack.write(order)
    }

    /// Signs with a secret of the workspace; one that begins with `whsec_` is base64, as Standard Webhooks has it.
    private func authenticationCode(_ secret: String, _ message: [UInt8]) async throws -> [UInt8] {
        guard let text = try await stores.secrets.values(of: [secret])[secret] else {
            throw MartletError(.notFound, "There is no secret '\(secret)'.")
        }
        var key = Data(text.utf8)
        if text.hasPrefix("whsec_"), let decoded = Data(base64Encoded: String(text.dropFirst(6))) { key = decoded }
        return Array(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key)))
    }

    /// Labelled rows since the last loop used the data, and since the drift began when there is one.
    private func newLabelledRows(_ model: String, _ alias: String, _ since: Timestamp?) async throws -> Int {
        var count = 0
        for status in await deployments.statuses() where status.spec.model == model && status.spec.alias == alias {
            let drifting = await monitors.monitors().filter { monitor in
                monitor.spec.deployment == status.spec.name && monitor.signal.detected
            }
            let earliest = (drifting.map(\.since) + [since].compactMap(\.self)).max() ?? Timestamp(milliseconds: 0)
            count += try await ledgerStore.labelledCount(status.spec.name, since: earliest)
        }
        return count
    }
}

extension RolloutStateMachine {
    /// What the loop needs to know of a rollout; one that is watched after its last step may still be rolled back.
    var loopProgress: RolloutProgress {
        switch state {
        case .idle: .notStarted
        case .promoted: .promoted
        case .rolledBack(let reason), .aborted(let reason): .rolledBack(reason: reason.message)
        default: .progressing(weight: plan.candidatePercent)
        }
    }
}
