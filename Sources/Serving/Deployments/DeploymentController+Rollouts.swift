import Core
import Logging
import Rollouts

extension DeploymentController {
    /// Shows a rollout its evidence.
    func evaluate(_ deployment: ManagedDeployment) async {
        await retrySaving(deployment)
        guard deployment.isRollingOut, let evidence = deployment.evidence else { return }
        let signal = observer?.driftSignal(deployment: deployment.spec.name)
        let drift = signal?.version == evidence.candidate ? signal?.isDetected : nil
        let actions = handle(.evidence(evidence.snapshot(candidateDrift: drift)), deployment)
        if actions.isEmpty {
            await saveEvidence(deployment, always: false)
        } else {
            await perform(actions, deployment)
        }
    }

    /// Ends a trial without rejecting its version.
    func withdraw(_ deployment: ManagedDeployment, _ why: String) async throws {
        await perform(handle(.abort(RolloutReason("superseded", why)), deployment), deployment)
    }

    /// Feeds the machine of the present rollout.
    func handle(_ event: RolloutStateMachine.Event, _ deployment: ManagedDeployment) -> [RolloutStateMachine.Action] {
        guard var rollout = deployment.rollout else { return [.refuse("No rollout is in progress.")] }
        let actions = rollout.machine.handle(event, now: clock.now)
        deployment.rollout = rollout
        return actions
    }

    /// Performs actions: traffic first, then one transaction, then the alias.
    ///
    /// Every part may be repeated: after a crash the stored state is resumed, and an alias that still names a rejected
    /// version is moved back by the next reconciliation.
    func perform(_ actions: [RolloutStateMachine.Action], _ deployment: ManagedDeployment) async {
        guard !actions.isEmpty, let id = deployment.rollout?.id else { return }
        var change = DeploymentChange(deployment.spec.name)
        var movesBackFrom: Int?
        var promoted: ServedModel?
        var pending = actions
        while !pending.isEmpty {
            switch pending.removeFirst() {
            case .setWeights(let plan): deployment.install(plan)
            case .record(let evidence, let note):
                change.events.append(.init(rollout: id, note: note, evidence: evidence))
            case .promote(let version):
                guard let candidate = deployment.candidate, candidate.version == version else { continue }
                promoted = candidate
                change.serving = promote(candidate, deployment)
                pending.append(contentsOf: handle(.promotionFinished, deployment))
            case .rollBack(let version, let reason):
                guard reason.code != "superseded" else { continue }
                let text = "\(reason.code): \(reason.message)"
                deployment.rejections[version] = text
                change.rejected.append(.init(version: version, reason: text))
                deployment.message = "version \(version) was rejected: \(text)"
                movesBackFrom = version
            case .refuse: continue
            }
        }
        if let machine = deployment.rollout?.machine {
            change.rollout = RolloutRecord(id: id, deployment: deployment.spec.name, machine: machine)
            if !machine.isActive {
                deployment.candidate = nil
                deployment.evidence = nil
            }
        }
        deployment.evidenceSavedAt = clock.now
        await save(change, deployment)
        if let promoted {
            do {
                await hooks.stableChanged(deployment.spec.name, try await promoted.load().loaded)
            } catch {
                logger.error("The promoted version of '\(deployment.spec.name)' cannot be loaded: \(error)")
            }
        }
        guard let movesBackFrom else { return }
        do {
            try await moveAliasBack(from: movesBackFrom, deployment)
        } catch {
            logger.error("The alias of '\(deployment.spec.name)' cannot be moved back yet: \(error)")
        }
    }

    /// Makes a version the stable one in memory and routes everything to it.
    func promote(_ candidate: ServedModel, _ deployment: ManagedDeployment) -> DeploymentChange.Serving {
        deployment.previous = deployment.stable
        deployment.stable = candidate
        deployment.candidate = nil
        deployment.evidence = nil
        deployment.message = nil
        deployment.install(TrafficPlan(stable: candidate.version))
        return DeploymentChange.Serving(stable: candidate.version, previous: deployment.previous?.version)
    }

    /// Stores the evidence of a rollout in progress now and then, so that a restart loses little of it.
    func saveEvidence(_ deployment: ManagedDeployment, always: Bool) async {
        guard deployment.isRollingOut, let rollout = deployment.rollout else { return }
        guard always || clock.now >= deployment.evidenceSavedAt + ServingLimits.evidenceSave else { return }
        deployment.evidenceSavedAt = clock.now
        var change = DeploymentChange(deployment.spec.name)
        change.rollout = RolloutRecord(id: rollout.id, deployment: deployment.spec.name, machine: rollout.machine)
        await save(change, deployment)
    }

    /// Stores a decision; one that cannot be stored now is kept and stored by the next look.
    func save(_ change: DeploymentChange, _ deployment: ManagedDeployment) async {
        for event in change.events { hooks.event(deployment.spec.name, event) }
        deployment.unsaved.append(change)
        await retrySaving(deployment)
    }

    private func retrySaving(_ deployment: ManagedDeployment) async {
        while let change = deployment.unsaved.first {
            do {
                try await store.commit(change, now: clock.now)
                deployment.unsaved.removeFirst()
            } catch {
                logger.error("A decision about '\(deployment.spec.name)' cannot be stored yet: \(error)")
                return
            }
        }
    }

    /// Brings a deployment back after a restart.
    func restore(_ deployment: ManagedDeployment, _ record: DeploymentRecord) async throws {
        let name = deployment.spec.name
        deployment.rejections = try await store.rejections(name)
        guard let stable = record.stable else { return }
        let last = try await store.rollouts(name, limit: 1).first
        if startsCold(deployment), last?.machine.isActive != true {
            return restoreCold(deployment, stable: stable, previous: record.previous, last)
        }
        do {
            let served = try await load(stable, deployment)
            deployment.stable = served
            deployment.install(TrafficPlan(stable: stable))
            await hooks.stableChanged(name, try await served.load().loaded)
        } catch {
            deployment.retry = (stable, clock.now + ServingLimits.loadRetryPause)
            return await note("version \(stable) cannot be loaded: \(MartletError.wrapping(error).message)", deployment)
        }
        if let previous = record.previous {
            do {
                deployment.previous = try await load(previous, deployment)
                deployment.install(TrafficPlan(stable: stable))
            } catch {
                logger.warning("The previous version \(previous) of '\(name)' is not available: \(error)")
            }
        }
        guard let last else { return }
        deployment.rollout = (last.id, last.machine)
        if last.machine.isActive { try await resume(last, deployment) }
    }

    /// Whether a deployment's models come to memory only when they are asked after a restart.
    private func startsCold(_ deployment: ManagedDeployment) -> Bool {
        pool.budget != nil || deployment.spec.serving.idle != nil
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
        deployment.install(TrafficPlan(stable: stable))
    }

    private func resume(_ rollout: RolloutRecord, _ deployment: ManagedDeployment) async throws {
        guard let version = rollout.machine.candidate else { return }
        do {
            let candidate = try await load(version, deployment)
            var evidence = rollout.machine.evidence
            let outcomes = try await ledger.labelOutcomes(
                rollout: rollout.id,
                of: deployment.spec.name,
                since: rollout.machine.startedAt
            )
            evidence.replaceLabels(outcomes)
            deployment.candidate = candidate
            deployment.evidence = RolloutEvidence(
                rollout: rollout.id,
                candidate: version,
                latency: rollout.machine.spec.checks.latency,
                baseline: LatencyHistogram(),
                snapshot: evidence
            )
            deployment.install(rollout.machine.plan)
            await note("rollout of version \(version) resumed after a restart", deployment)
        } catch {
            let message = MartletError.wrapping(error).message
            await perform(handle(.candidateFailedToLoad(message), deployment), deployment)
        }
    }
}
