import Core
import Logging
import Rollouts

/// What a rollout's machine decided, and how its history calls that.
struct Decision {
    var actions: [RolloutStateMachine.Action]
    var kind: DeploymentChange.Event.Kind
    /// Who asked for it; nil for the server itself.
    var by: String?

    init(_ actions: [RolloutStateMachine.Action], _ kind: DeploymentChange.Event.Kind, by: String? = nil) {
        self.actions = actions
        self.kind = kind
        self.by = by
    }
}

extension DeploymentController {
    /// Shows a rollout its evidence.
    func evaluate(_ deployment: ManagedDeployment) async {
        await retrySaving(deployment)
        guard deployment.isRollingOut, let rollout = deployment.rollout else { return }
        let event: RolloutStateMachine.Event
        if let evidence = deployment.evidence {
            let signal = observer?.driftSignal(deployment: deployment.spec.name)
            let drift = signal?.version == evidence.candidate ? signal?.isDetected : nil
            let measurements = await measurements(deployment, rollout)
            event = .evidence(evidence.snapshot(candidateDrift: drift, measurements: measurements))
        } else {
            event = .tick
        }
        let decision = decide(event, deployment)
        if decision.actions.isEmpty {
            await saveEvidence(deployment, always: false)
        } else {
            await perform(decision, deployment)
        }
    }

    /// What others measured for the rollout's checks, as far as it is known.
    private func measurements(
        _ deployment: ManagedDeployment,
        _ rollout: (id: String, machine: RolloutStateMachine)
    ) async -> [String: ExternalMeasurement] {
        let question = rollout.machine.question(deployment: deployment.spec.name, rollout: rollout.id, now: clock.now)
        guard let question else { return [:] }
        return await hooks.measurements(question)
    }

    /// Ends a trial without rejecting its version.
    func withdraw(_ deployment: ManagedDeployment, _ why: String) async {
        await perform(decide(.abort(RolloutReason("superseded", why)), deployment), deployment)
    }

    /// Ends the watch over a promoted version, as a newer one comes.
    func endWatch(_ deployment: ManagedDeployment, _ why: String) async {
        guard deployment.isRollingOut, !deployment.isOnTrial else { return }
        await perform(decide(.endWatch(why), deployment), deployment)
    }

    /// Feeds the machine of the present rollout.
    func decide(
        _ event: RolloutStateMachine.Event,
        _ deployment: ManagedDeployment,
        by who: String? = nil
    ) -> Decision {
        guard var rollout = deployment.rollout else { return Decision([.refuse("No rollout is in progress.")], .note) }
        let before = rollout.machine.state
        let actions = rollout.machine.handle(event, now: clock.now)
        deployment.rollout = rollout
        return Decision(actions, Self.kind(event, from: before, to: rollout.machine.state), by: who)
    }

    /// What the history calls a transition.
    private static func kind(
        _ event: RolloutStateMachine.Event,
        from before: RolloutStateMachine.State,
        to after: RolloutStateMachine.State
    ) -> DeploymentChange.Event.Kind {
        if case .confirm = event { return .confirmed }
        if event == .resume { return .resumed }
        return switch after {
        case .idle: .note
        case .progressing, .baking, .promoting: .step
        case .awaitingConfirmation: .awaitingConfirmation
        case .paused: .paused
        case .inconclusive: .inconclusive
        case .watching: .watching
        case .promoted: .promoted
        case .rolledBack: .rolledBack
        case .aborted: .aborted
        }
    }

    /// Performs a decision: traffic first, then one transaction, then the alias.
    ///
    /// Every part may be repeated: after a crash the stored state is resumed, and an alias that was to be moved is moved
    /// by the stored order to do so.
    func perform(_ decision: Decision, _ deployment: ManagedDeployment) async {
        guard !decision.actions.isEmpty, let id = deployment.rollout?.id else { return }
        var change = DeploymentChange(deployment.spec.name)
        var trusted: ServedModel?
        var pending = decision.actions.map { (action: $0, kind: decision.kind) }
        while !pending.isEmpty {
            let (action, kind) = pending.removeFirst()
            switch action {
            case .setWeights(let plan): deployment.install(plan)
            case .record(let evidence, let note):
                change.events.append(.init(rollout: id, note: note, evidence: evidence, kind: kind, by: decision.by))
            case .promote(let version):
                guard let candidate = deployment.candidate, candidate.version == version else { continue }
                trusted = candidate
                change.serving = promote(candidate, deployment)
                let next = decide(.promotionFinished, deployment)
                pending += next.actions.map { ($0, next.kind) }
            case .rollBack(let version, let reason):
                if let present = deployment.stable, present.version == version, let previous = deployment.previous {
                    trusted = previous
                    change.serving = undo(present, to: previous, deployment)
                    deployment.install()
                }
                if reason.code != "superseded" { reject(version, reason, &change, deployment) }
            case .refuse: continue
            }
        }
        settle(&change, id, deployment)
        deployment.evidenceSavedAt = clock.now
        await save(change, deployment)
        if let trusted {
            do {
                await hooks.stableChanged(deployment.spec.name, try await trusted.load().loaded)
            } catch {
                logger.error("The trusted version of '\(deployment.spec.name)' cannot be loaded: \(error)")
            }
        }
        await finishMoves(deployment)
    }

    /// Adds the rollout's state to a decision, and lets go of what an ended rollout held.
    private func settle(_ change: inout DeploymentChange, _ id: String, _ deployment: ManagedDeployment) {
        guard let machine = deployment.rollout?.machine else { return }
        change.rollout = RolloutRecord(id: id, deployment: deployment.spec.name, machine: machine)
        guard !machine.isActive else { return }
        deployment.candidate = nil
        deployment.evidence = nil
        if let stable = deployment.stable { deployment.install(TrafficPlan(stable: stable.version)) }
    }

    /// Makes a version the stable one in memory and routes everything to it.
    func promote(_ candidate: ServedModel, _ deployment: ManagedDeployment) -> DeploymentChange.Serving {
        deployment.previous = deployment.stable
        deployment.isReleased = false
        deployment.servingSince = clock.now
        deployment.stable = candidate
        deployment.candidate = nil
        deployment.message = nil
        deployment.install()
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

    func retrySaving(_ deployment: ManagedDeployment) async {
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
}
