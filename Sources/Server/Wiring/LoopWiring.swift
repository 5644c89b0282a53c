import Artifacts
import Core
import Datasets
import Learning
import Ledger
import Logging
import Loop
import Monitoring
import Pipelines
import Registry
import Rollouts
import Serving
import Tracking

/// What the loop does to the rest of the house.
struct LoopWiring: Sendable {
    let stores: Stores
    let pipelines: PipelineService
    let deployments: DeploymentController
    let ledgerStore: LedgerStore
    let monitors: MonitorService

    /// The service that decides when the loop does what.
    func service(clock: Clock, logger: Logger) -> LoopService {
        LoopService(
            store: LoopStore(database: stores.database),
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
            gate: gate,
            register: register,
            startRollout: { model, alias, version in
                try await stores.registry.setAlias(model: model, alias: alias, version: version)
            },
            rolloutProgress: rolloutProgress,
            newLabelledRows: newLabelledRows
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

    /// Candidate and champion predict the same rows: the candidate's own test split, which neither was trained on.
    private func gate(_ question: GateQuestion) async throws -> GateVerdict {
        let candidate = try Candidate(outputs: question.candidate)
        guard let champion = try await championPath(question) else {
            guard let value = candidate.metrics[question.rule.metric]?.doubleValue else {
                throw Self.unknownMetric(question.rule.metric, candidate.metrics.keys)
            }
            return question.rule.judge(candidate: value, champion: nil)
        }
        let path = try await candidate.localPath(in: stores)
        let rows = try await stores.datasets.rows(candidate.dataset, split: "test")
        let target = try await stores.datasets.spec(candidate.dataset).target
        guard let target else {
            throw MartletError(.failedPrecondition, "The dataset '\(candidate.dataset)' names no target column.")
        }
        let comparison = try await BlockingWork.run {
            try ModelComparison.compare(
                candidate: path,
                champion: champion,
                on: rows,
                target: target.column,
                classes: target.classes
            )
        }
        let metric = question.rule.metric
        guard let ours = comparison.candidate[metric], let theirs = comparison.champion[metric] else {
            throw Self.unknownMetric(metric, comparison.candidate.named.map(\.name))
        }
        return question.rule.judge(candidate: ours, champion: theirs)
    }

    private func championPath(_ question: GateQuestion) async throws -> String? {
        let version: Int
        do {
            version = try await stores.registry.resolve(alias: question.alias, of: question.model)
        } catch let error as MartletError where error.code == .notFound || error.code == .invalidArgument {
            return nil
        }
        let record = try await stores.registry.version(question.model, version)
        return try await stores.artifacts.localURL(record.artifactPath)
    }

    private static func unknownMetric(_ metric: String, _ known: [String]) -> MartletError {
        MartletError(
            .invalidArgument,
            "The gate's metric '\(metric)' is not computed; there are \(known.joined(separator: ", "))."
        )
    }

    /// Registers once per key: a version that carries the key already is the answer.
    private func register(_ model: String, _ outputs: JSONObject, _ idempotencyKey: String) async throws -> Int {
        try await RegistrySteps.register(
            outputs,
            as: model,
            tags: ["martlet.loop": idempotencyKey],
            uniqueTag: "martlet.loop",
            in: stores.registry
        ).version
    }

    private func rolloutProgress(_ model: String, _ alias: String, _ version: Int) async throws -> RolloutProgress {
        if await deployments.serves(model: model, alias: alias, version: version) { return .promoted }
        guard let record = try await deployments.rollout(model: model, alias: alias, version: version) else {
            return .notStarted
        }
        return record.machine.loopProgress
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
    /// What the loop needs to know of a rollout.
    var loopProgress: RolloutProgress {
        switch state {
        case .idle: .notStarted
        case .progressing, .baking, .awaitingConfirmation, .paused, .inconclusive, .promoting, .watching:
            .progressing(weight: plan.candidatePercent)
        case .promoted: .promoted
        case .rolledBack(let reason), .aborted(let reason): .rolledBack(reason: reason.message)
        }
    }
}
