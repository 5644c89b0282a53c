import Core
import Rollouts
import Runtimes

extension DeploymentController {
    /// Whether there is nothing to do for a deployment whose aliases name these versions.
    func isSettled(_ deployment: ManagedDeployment, _ aliases: [String: Int]) -> Bool {
        guard deployment.moves.isEmpty, isTrafficSettled(deployment, aliases) else { return false }
        guard let target = deployment.spec.target(aliases) else {
            return deployment.stable != nil || deployment.message != nil
        }
        if target == deployment.stable?.version { return !deployment.isOnTrial }
        if deployment.stable != nil, deployment.isRollingOut, deployment.candidate?.version == target { return true }
        if deployment.rejections[target] != nil {
            // Nobody moves a pinned version back; the message says why it does not serve.
            return deployment.spec.version != nil && deployment.message != nil && !deployment.isOnTrial
        }
        guard let retry = deployment.retry else { return false }
        return retry.version == target && clock.now < retry.at
    }

    /// Brings one deployment to the version that it is to serve.
    func reconcile(_ deployment: ManagedDeployment) async throws {
        let spec = deployment.spec
        guard !spec.isOnDemand, !deployment.isUnloaded else { return }
        await finishMoves(deployment)
        let names = spec.followedAliases
        let aliases = Dictionary(zip(names.map(\.alias), try await source.resolveAll(names))) { first, _ in first }
            .compactMapValues(\.self)
        try await reconcileOwn(deployment, aliases)
        await reconcileTraffic(deployment, aliases)
    }

    private func reconcileOwn(_ deployment: ManagedDeployment, _ aliases: [String: Int]) async throws {
        let spec = deployment.spec
        guard let target = spec.target(aliases) else {
            if deployment.stable == nil {
                deployment.message = "waiting for the alias '\(spec.alias)' of the model '\(spec.model)'"
            }
            return
        }
        guard let stable = deployment.stable else { return await serveFirst(target, deployment) }
        let why =
            spec.version == nil ? "the alias moved back to version \(target)" : "version \(target) is asked for again"
        if target == stable.version {
            if deployment.isOnTrial { await withdraw(deployment, why) }
            return
        }
        if deployment.isOnTrial, deployment.candidate?.version == target { return }
        if let reason = deployment.rejections[target] {
            if deployment.isOnTrial { await withdraw(deployment, "superseded by version \(target)") }
            deployment.message = "version \(target) was rejected: \(reason)"
            return await moveAliasBack(from: target, deployment)
        }
        if let retry = deployment.retry, retry.version == target, clock.now < retry.at { return }
        if deployment.isOnTrial { await withdraw(deployment, "superseded by version \(target)") }
        if target == deployment.previous?.version, !deployment.isReleased {
            return try await returnToPrevious(deployment, RolloutReason("superseded", why))
        }
        await beginRollout(target, deployment)
    }

    /// Serves the first version at once: there is nothing to compare it with.
    private func serveFirst(_ version: Int, _ deployment: ManagedDeployment) async {
        if let retry = deployment.retry, retry.version == version, clock.now < retry.at { return }
        do {
            let served = try await load(version, deployment)
            deployment.stable = served
            deployment.message = nil
            deployment.retry = nil
            deployment.servingSince = clock.now
            deployment.install(TrafficPlan(stable: version))
            var change = DeploymentChange(deployment.spec.name)
            change.serving = DeploymentChange.Serving(stable: version, previous: nil)
            change.events = [
                .init(rollout: nil, note: "version \(version) serves all traffic", evidence: nil, kind: .serving)
            ]
            await save(change, deployment)
            await hooks.stableChanged(deployment.spec.name, try await served.load().loaded)
        } catch {
            deployment.retry = (version, clock.now + ServingLimits.loadRetryPause)
            await note("version \(version) cannot be loaded: \(MartletError.wrapping(error).message)", deployment)
        }
    }

    /// Loads a candidate and puts it on trial; a candidate that cannot be loaded is refused and the stable one stays.
    private func beginRollout(_ version: Int, _ deployment: ManagedDeployment) async {
        guard let stable = deployment.stable else { return }
        let spec = deployment.spec.rollout
        var machine = RolloutStateMachine(spec: spec, stable: stable.version)
        let actions = machine.handle(.started(candidate: version), now: clock.now)
        do {
            let candidate = try await load(version, deployment)
            let trusted = try await stable.load().loaded
            try ColumnMap.checkFit(try await candidate.load().loaded, with: trusted, isCompatible: spec.compatible)
            await endWatch(deployment, "superseded by version \(version)")
            let id = Identifier.random()
            deployment.candidate = candidate
            deployment.retry = nil
            deployment.message = nil
            let before = stable.stats
            deployment.evidence = RolloutEvidence(
                rollout: id,
                candidate: version,
                latency: spec.latency,
                baseline: before.latency,
                errorsBefore: Proportion(before.errors, of: before.requests),
                scale: AnswerScale(trusted)
            )
            deployment.rollout = (id, machine)
            await perform(Decision(actions, .rolloutStarted), deployment)
        } catch {
            let failure = MartletError.wrapping(error)
            if Self.isPassing(failure) {
                deployment.retry = (version, clock.now + ServingLimits.loadRetryPause)
                return await note("version \(version) cannot be loaded now: \(failure.message)", deployment)
            }
            let refusal = machine.handle(.candidateFailedToLoad(failure.message), now: clock.now)
            await endWatch(deployment, "superseded by version \(version)")
            deployment.rollout = (Identifier.random(), machine)
            deployment.message = "version \(version) was refused: \(failure.message)"
            await perform(Decision(refusal, .rolledBack), deployment)
        }
    }

    /// Whether trying again later may help.
    private static func isPassing(_ error: MartletError) -> Bool {
        switch error.code {
        case .unavailable, .resourceExhausted, .deadlineExceeded, .cancelled: true
        default: false
        }
    }

    func load(_ version: Int, _ deployment: ManagedDeployment) async throws -> ServedModel {
        let known =
            [deployment.stable, deployment.candidate, deployment.previous].compactMap(\.self) + deployment.others
        if let served = known.first(where: { $0.version == version }) {
            _ = try await served.load()
            return served
        }
        let served = place(version, deployment)
        await hooks.versionLoaded(deployment.spec.name, try await served.load().loaded)
        return served
    }

    /// A place in memory for a version, still empty; `onFirstLoad` hears of the model when it first comes.
    func place(
        _ version: Int,
        _ deployment: ManagedDeployment,
        onFirstLoad: (@Sendable (LoadedModel) async -> Void)? = nil
    ) -> ServedModel {
        let (source, runtimes, model) = (source, runtimes, deployment.spec.model)
        let slot = ModelSlot(settings: deployment.spec.execution, pool: pool, onFirstLoad: onFirstLoad) { settings in
            try await source.load(model, version, settings.runtime(runtimes))
        }
        return ServedModel(
            deployment: deployment.spec.name,
            model: model,
            version: version,
            slot: slot,
            scope: table.scope
        )
    }

    /// Has the versions in service run by changed settings: each is loaded anew while the old one serves.
    func configure(_ deployment: ManagedDeployment) async {
        await deployment.gate.pass {
            let own = [deployment.stable, deployment.candidate, deployment.previous].compactMap(\.self)
            for served in own + deployment.others {
                served.slot.configure(deployment.spec.execution)
                guard served.resident != nil else { continue }
                do {
                    _ = try await served.slot.reload()
                } catch {
                    let message = MartletError.wrapping(error).message
                    await note("version \(served.version) keeps its old settings: \(message)", deployment)
                }
            }
        }
    }

    /// Adds a line to the history and shows it as the deployment's message.
    func note(_ text: String, _ deployment: ManagedDeployment) async {
        deployment.message = text
        await record(text, deployment)
    }

    /// Adds a line to the history.
    private func record(_ text: String, _ deployment: ManagedDeployment) async {
        var change = DeploymentChange(deployment.spec.name)
        change.events = [.init(rollout: nil, note: text, evidence: nil, kind: .note)]
        await save(change, deployment)
    }
}
