import Core
import Logging
import Rollouts

extension DeploymentController {
    /// Brings a deployment back after a restart.
    func restore(_ deployment: ManagedDeployment, _ record: DeploymentRecord) async throws {
        let name = deployment.spec.name
        deployment.rejections = try await store.rejections(name)
        deployment.moves = try await store.aliasMoves(name)
        guard let stable = record.stable else { return }
        deployment.servingSince = try await store.revisions(name, limit: 1).first?.since
        let last = try await store.rollouts(name, limit: 1).first
        if startsCold(deployment), last?.machine.isActive != true {
            return restoreCold(deployment, stable: stable, previous: record.previous, last)
        }
        if let last { deployment.rollout = (last.id, last.machine) }
        do {
            let served = try await load(stable, deployment)
            deployment.stable = served
            deployment.install(TrafficPlan(stable: stable))
            await hooks.stableChanged(name, try await served.load().loaded)
        } catch {
            deployment.rollout = nil
            deployment.retry = (stable, clock.now + ServingLimits.loadRetryPause)
            return await note("version \(stable) cannot be loaded: \(MartletError.wrapping(error).message)", deployment)
        }
        if let previous = record.previous { await restorePrevious(previous, deployment) }
        guard let last, last.machine.isActive else { return }
        if last.machine.candidate == stable {
            await resumeWatch(last, deployment)
        } else {
            try await resume(last, deployment)
        }
    }

    /// Brings the version before back: to memory while its time is not over, else only to its place.
    private func restorePrevious(_ version: Int, _ deployment: ManagedDeployment) async {
        let name = deployment.spec.name
        let served = place(version, deployment)
        deployment.previous = served
        let isWatched = deployment.rollout?.machine.isActive == true
        if isPreviousOverdue(deployment), !isWatched {
            deployment.isReleased = true
            return
        }
        do {
            await hooks.versionLoaded(name, try await served.load().loaded)
        } catch {
            logger.warning("The previous version \(version) of '\(name)' is not available: \(error)")
            deployment.isReleased = true
        }
        deployment.install()
    }

    /// Whether a deployment's models come to memory only when they are asked after a restart.
    private func startsCold(_ deployment: ManagedDeployment) -> Bool {
        pool.budget != nil || deployment.spec.execution.idle != nil
    }

    /// Brings a deployment back without loading anything.
    private func restoreCold(
        _ deployment: ManagedDeployment,
        stable: Int,
        previous: Int?,
        _ last: RolloutRecord?
    ) {
        let (name, hooks) = (deployment.spec.name, hooks)
        deployment.stable = place(stable, deployment) { loaded in
            await hooks.versionLoaded(name, loaded)
            await hooks.stableChanged(name, loaded)
        }
        deployment.previous = previous.map { place($0, deployment) { await hooks.versionLoaded(name, $0) } }
        if let last { deployment.rollout = (last.id, last.machine) }
        deployment.isReleased = isPreviousOverdue(deployment)
        deployment.install(TrafficPlan(stable: stable))
    }

    /// Takes a rollout up where it stood; labels are counted anew, as the ledger is the truth about them.
    private func resume(_ rollout: RolloutRecord, _ deployment: ManagedDeployment) async throws {
        guard let version = rollout.machine.candidate else { return }
        do {
            let candidate = try await load(version, deployment)
            deployment.evidence = try await evidence(of: rollout, version, deployment)
            deployment.candidate = candidate
            deployment.install(rollout.machine.plan)
            await note("rollout of version \(version) resumed after a restart", deployment)
        } catch {
            let message = MartletError.wrapping(error).message
            await perform(decide(.candidateFailedToLoad(message), deployment), deployment)
        }
    }

    /// Goes on watching a promoted version.
    private func resumeWatch(_ rollout: RolloutRecord, _ deployment: ManagedDeployment) async {
        guard let version = rollout.machine.candidate else { return }
        do {
            deployment.evidence = try await evidence(of: rollout, version, deployment)
            deployment.install(rollout.machine.plan)
        } catch {
            logger.error("The watch over '\(deployment.spec.name)' has no evidence of before the restart: \(error)")
        }
    }

    private func evidence(
        of rollout: RolloutRecord,
        _ version: Int,
        _ deployment: ManagedDeployment
    ) async throws -> RolloutEvidence {
        var evidence = rollout.machine.evidence
        let outcomes = try await ledger.labelOutcomes(
            rollout: rollout.id,
            of: deployment.spec.name,
            since: rollout.machine.startedAt
        )
        evidence.replaceLabels(outcomes)
        var scale = AnswerScale.numbers
        if let stable = deployment.stable { scale = AnswerScale(try await stable.load().loaded) }
        return RolloutEvidence(
            rollout: rollout.id,
            candidate: version,
            latency: rollout.machine.spec.latency,
            baseline: LatencyHistogram(),
            scale: scale,
            snapshot: evidence
        )
    }
}
