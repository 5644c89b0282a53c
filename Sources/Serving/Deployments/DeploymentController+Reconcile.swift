import Core
import Rollouts
import Runtimes

extension DeploymentController {
    /// Whether there is nothing to do for a deployment whose alias names `target`.
    func isSettled(_ deployment: ManagedDeployment, target: Int?) -> Bool {
        guard let target else { return deployment.stable != nil || deployment.message != nil }
        let isOnTrial = deployment.rollout?.machine.step != nil
        if target == deployment.stable?.version { return !isOnTrial }
        if deployment.stable != nil, deployment.isRollingOut, deployment.candidate?.version == target { return true }
        guard let retry = deployment.retry, deployment.rejections[target] == nil else { return false }
        return retry.version == target && clock.now < retry.at
    }

    /// Brings one deployment to the version that its alias names.
    func reconcile(_ deployment: ManagedDeployment) async throws {
        let spec = deployment.spec
        guard !spec.isOnDemand, !deployment.isUnloaded else { return }
        guard let target = try await source.resolve(spec.model, spec.alias) else {
            if deployment.stable == nil {
                deployment.message = "waiting for the alias '\(spec.alias)' of the model '\(spec.model)'"
            }
            return
        }
        guard let stable = deployment.stable else { return await serveFirst(target, deployment) }
        if target == stable.version {
            let isOnTrial = deployment.rollout?.machine.step != nil
            if isOnTrial { try await withdraw(deployment, "the alias moved back to version \(target)") }
            return
        }
        if deployment.isRollingOut, deployment.candidate?.version == target { return }
        if let reason = deployment.rejections[target] {
            deployment.message = "version \(target) was rejected: \(reason)"
            return try await moveAliasBack(from: target, deployment)
        }
        if let retry = deployment.retry, retry.version == target, clock.now < retry.at { return }
        if deployment.rollout?.machine.step != nil {
            try await withdraw(deployment, "superseded by version \(target)")
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
            deployment.install(TrafficPlan(stable: version))
            var change = DeploymentChange(deployment.spec.name)
            change.serving = DeploymentChange.Serving(stable: version, previous: nil)
            change.events = [.init(rollout: nil, note: "version \(version) serves all traffic", evidence: nil)]
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
        var machine = RolloutStateMachine(spec: deployment.spec.rollout, stable: stable.version)
        let actions = machine.handle(.started(candidate: version), now: clock.now)
        do {
            let candidate = try await load(version, deployment)
            try Self.checkFit(try await candidate.load().loaded, with: try await stable.load().loaded)
            let id = Identifier.random()
            deployment.candidate = candidate
            deployment.retry = nil
            deployment.message = nil
            deployment.evidence = RolloutEvidence(
                rollout: id,
                candidate: version,
                latency: deployment.spec.rollout.checks.latency,
                baseline: stable.stats.latency
            )
            deployment.rollout = (id, machine)
            await perform(actions, deployment)
        } catch {
            let failure = MartletError.wrapping(error)
            if Self.isPassing(failure) {
                deployment.retry = (version, clock.now + ServingLimits.loadRetryPause)
                return await note("version \(version) cannot be loaded now: \(failure.message)", deployment)
            }
            let refusal = machine.handle(.candidateFailedToLoad(failure.message), now: clock.now)
            deployment.rollout = (Identifier.random(), machine)
            deployment.message = "version \(version) was refused: \(failure.message)"
            await perform(refusal, deployment)
        }
    }

    /// Whether trying again later may help.
    private static func isPassing(_ error: MartletError) -> Bool {
        switch error.code {
        case .unavailable, .resourceExhausted, .deadlineExceeded, .cancelled: true
        default: false
        }
    }

    /// Throws unless a candidate takes and gives what the stable version does.
    private static func checkFit(_ candidate: LoadedModel, with stable: LoadedModel) throws(MartletError) {
        guard candidate.inputs == stable.inputs else {
            throw MartletError(
                .failedPrecondition,
                "Its signature differs: it takes \(Self.summary(candidate.inputs)), the serving version "
                    + "\(Self.summary(stable.inputs)); deploy it under another name."
            )
        }
        guard candidate.classes == stable.classes, candidate.outputWidth == stable.outputWidth else {
            throw MartletError(
                .failedPrecondition,
                "Its answers differ in kind: classes [\(candidate.classes.joined(separator: ", "))] instead of "
                    + "[\(stable.classes.joined(separator: ", "))]; deploy it under another name."
            )
        }
    }

    private static func summary(_ inputs: [String]) -> String {
        "\(inputs.count) inputs (\(inputs.prefix(3).joined(separator: ", "))\(inputs.count > 3 ? ", …" : ""))"
    }

    func load(_ version: Int, _ deployment: ManagedDeployment) async throws -> ServedModel {
        if let loaded = deployment.live.routing?.model(version: version) { return loaded }
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
        let slot = ModelSlot(settings: deployment.spec.serving, pool: pool, onFirstLoad: onFirstLoad) { settings in
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
            for served in [deployment.stable, deployment.candidate, deployment.previous].compactMap(\.self) {
                served.slot.configure(deployment.spec.serving)
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

    /// Points the alias at the stable version when it still names a version that is not to serve.
    func moveAliasBack(from version: Int, _ deployment: ManagedDeployment) async throws {
        guard let stable = deployment.stable else { return }
        let spec = deployment.spec
        guard try await source.resolve(spec.model, spec.alias) == version else { return }
        try await source.moveAlias(spec.model, spec.alias, stable.version)
        await record("alias '\(spec.alias)' moved back to version \(stable.version)", deployment)
    }

    /// Adds a line to the history and shows it as the deployment's message.
    func note(_ text: String, _ deployment: ManagedDeployment) async {
        deployment.message = text
        await record(text, deployment)
    }

    /// Adds a line to the history.
    private func record(_ text: String, _ deployment: ManagedDeployment) async {
        var change = DeploymentChange(deployment.spec.name)
        change.events = [.init(rollout: nil, note: text, evidence: nil)]
        await save(change, deployment)
    }
}
