import Core

// MARK: - Events of operators and of the controller

extension RolloutStateMachine {
    mutating func start(_ version: Int, now: Timestamp) -> [Action] {
        var actions: [Action] = []
        if state.isWatching {
            guard version != candidate else { return [] }
            guard version != stable else {
                return rollBack(RolloutReason("superseded", "version \(version) is wanted again"))
            }
        }
        if step != nil, let candidate {
            actions.append(.record(evidence, "version \(candidate) is superseded by version \(version)"))
        }
        if state == .promoted || state == .promoting || state.isWatching, let candidate { stable = candidate }
        guard version != stable else {
            candidate = nil
            state = .idle
            return actions + [.setWeights(plan), .record(evidence, "version \(version) already serves")]
        }
        candidate = version
        evidence = EvidenceSnapshot()
        startedAt = now
        guard !spec.stages.isEmpty else {
            stepStartedAt = now
            return actions + promote("version \(version) gets everything at once, as declared")
        }
        return actions + enter(step: 0, now: now)
    }

    mutating func pause() -> [Action] {
        switch state {
        case .progressing(let step), .baking(let step), .awaitingConfirmation(let step), .inconclusive(let step, _):
            state = .paused(step: step)
            return [.record(evidence, "paused at \(words(for: step))")]
        case .paused: return [.refuse("The rollout is already paused.")]
        case .watching: return [.refuse("The version is promoted already and only watched; roll back to undo it.")]
        case .idle, .promoting, .rolledBack, .promoted, .aborted:
            return [.refuse("No rollout is in progress to pause.")]
        }
    }

    mutating func resume(now: Timestamp) -> [Action] {
        switch state {
        case .paused(let step), .inconclusive(let step, _):
            state = .progressing(step: step)
            stepStartedAt = now
            evidence.tallies = [:]
            return [.record(evidence, "resumed at \(words(for: step))")]
        case .progressing, .baking, .awaitingConfirmation, .watching: return [.refuse("The rollout is not paused.")]
        case .idle, .promoting, .rolledBack, .promoted, .aborted:
            return [.refuse("No rollout is in progress to resume.")]
        }
    }

    mutating func confirm(_ who: String, now: Timestamp) -> [Action] {
        switch state {
        case .awaitingConfirmation(let step): return leave(step: step, "confirmed by \(who)", now: now)
        case .inconclusive(let step, _):
            return leave(step: step, "confirmed by \(who) without a verdict", now: now)
        case .watching: return finish("confirmed by \(who)")
        case .progressing, .baking: return [.refuse("The rollout does not wait for a confirmation yet.")]
        case .paused: return [.refuse("The rollout is paused; resume it first.")]
        case .idle, .promoting, .rolledBack, .promoted, .aborted:
            return [.refuse("No rollout is in progress to confirm.")]
        }
    }

    mutating func promoteByHand() -> [Action] {
        if state.isWatching { return finish("accepted by an operator before the end of its rollback window") }
        guard let step else { return [.refuse("No rollout is in progress to promote.")] }
        return promote("promoted by an operator at \(words(for: step))")
    }

    mutating func finishPromotion(now: Timestamp) -> [Action] {
        guard state == .promoting, let candidate else { return [] }
        guard spec.rollbackWindow > .zero else {
            state = .promoted
            return [.record(evidence, "version \(candidate) is the stable version")]
        }
        state = .watching(step: spec.watchStage, nil)
        stepStartedAt = now
        evidence.tallies = [:]
        let note = "version \(candidate) is the stable version, watched for \(spec.rollbackWindow.inSeconds) s"
        return [.setWeights(plan), .record(evidence, note)]
    }

    mutating func endWatch(_ why: String) -> [Action] {
        guard state.isWatching else { return [] }
        return finish(why)
    }

    mutating func abort(_ reason: RolloutReason) -> [Action] {
        if state.isWatching { return rollBack(reason) }
        guard step != nil, let candidate else { return [.refuse("No rollout is in progress to abort.")] }
        state = .aborted(reason)
        return [
            .setWeights(plan), .rollBack(version: candidate, reason),
            .record(evidence, "aborted: \(reason.message)"),
        ]
    }

    mutating func rollBackByHand(_ reason: RolloutReason) -> [Action] {
        guard step != nil else { return [.refuse("No rollout is in progress to roll back.")] }
        return rollBack(reason)
    }

    mutating func failToLoad(_ message: String) -> [Action] {
        guard step != nil, candidate != nil else { return [] }
        return rollBack(RolloutReason("load", message))
    }
}
