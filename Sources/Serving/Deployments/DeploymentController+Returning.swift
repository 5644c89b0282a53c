import Core
import Logging
import Rollouts

extension DeploymentController {
    /// A move of the deployment's alias away from a version that is not to serve; nil for a deployment without alias.
    func aliasMove(from version: Int, to stable: Int, _ deployment: ManagedDeployment) -> AliasMove? {
        guard let alias = deployment.spec.reference.alias, !deployment.spec.isOnDemand, version != stable else {
            return nil
        }
        return AliasMove(id: Identifier.random(), model: deployment.spec.model, alias: alias, from: version, to: stable)
    }

    /// Decides that the alias leaves a version that is not to serve, and moves it.
    func moveAliasBack(from version: Int, _ deployment: ManagedDeployment) async {
        guard let stable = deployment.stable?.version,
            !deployment.moves.contains(where: { $0.from == version }),
            let move = aliasMove(from: version, to: stable, deployment)
        else { return }
        var change = DeploymentChange(deployment.spec.name)
        change.aliasMove = move
        deployment.moves.append(move)
        await save(change, deployment)
        await finishMoves(deployment)
    }

    /// Does the alias moves that were decided, each once: it is taken away together with the line that tells of it.
    ///
    /// A move whose alias has left the version in the meantime is not made.
    func finishMoves(_ deployment: ManagedDeployment) async {
        while let move = deployment.moves.first, deployment.unsaved.isEmpty {
            do {
                let present = try await source.resolve(move.model, move.alias)
                if present == move.from { try await source.moveAlias(move.model, move.alias, move.to) }
                let isThere = present == move.from || present == move.to
                let note =
                    isThere
                    ? "alias '\(move.alias)' moved back to version \(move.to)"
                    : "alias '\(move.alias)' has left version \(move.from) by itself"
                var change = DeploymentChange(deployment.spec.name)
                change.settledMoves = [move.id]
                change.events = [.init(rollout: nil, note: note, evidence: nil, kind: .note)]
                deployment.moves.removeFirst()
                await save(change, deployment)
            } catch {
                logger.error("The alias of '\(deployment.spec.name)' cannot be moved back yet: \(error)")
                return
            }
        }
    }

    /// Serves the version before again, at once; the present one is rejected unless the reason is `superseded`.
    ///
    /// - Throws: `failedPrecondition` without such a version; what loading throws when it was released.
    func returnToPrevious(_ deployment: ManagedDeployment, _ reason: RolloutReason, by who: String? = nil) async throws
    {
        guard let previous = deployment.previous, let present = deployment.stable else {
            throw MartletError(
                .failedPrecondition,
                "The deployment '\(deployment.spec.name)' has no earlier version to return to."
            )
        }
        let loaded = try await previous.load().loaded
        if deployment.isRollingOut, !deployment.isOnTrial {
            // The promotion is still watched: the rollout itself goes back.
            return await perform(decide(.abort(reason), deployment, by: who), deployment)
        }
        var change = DeploymentChange(deployment.spec.name)
        change.serving = undo(present, to: previous, deployment)
        if reason.code != "superseded" { reject(present.version, reason, &change, deployment) }
        change.events = [
            .init(
                rollout: nil,
                note: "returned from version \(present.version) to version \(previous.version), \(reason.message)",
                evidence: nil,
                kind: .rolledBack,
                by: who
            )
        ]
        deployment.install(TrafficPlan(stable: previous.version))
        await save(change, deployment)
        await hooks.stableChanged(deployment.spec.name, loaded)
        await finishMoves(deployment)
    }

    /// Makes the version before the trusted one in memory.
    func undo(
        _ present: ServedModel,
        to previous: ServedModel,
        _ deployment: ManagedDeployment
    ) -> DeploymentChange.Serving {
        deployment.stable = previous
        deployment.previous = nil
        deployment.isReleased = false
        deployment.servingSince = clock.now
        return DeploymentChange.Serving(stable: previous.version, previous: nil)
    }

    /// Remembers a version as rejected, and that the alias has to leave it.
    func reject(
        _ version: Int,
        _ reason: RolloutReason,
        _ change: inout DeploymentChange,
        _ deployment: ManagedDeployment
    ) {
        let text = "\(reason.code): \(reason.message)"
        deployment.rejections[version] = text
        deployment.message = "version \(version) was rejected: \(text)"
        change.rejected.append(.init(version: version, reason: text))
        guard let stable = deployment.stable?.version, let move = aliasMove(from: version, to: stable, deployment)
        else {
            return
        }
        change.aliasMove = move
        deployment.moves.append(move)
    }

    /// Until when the version before stays in memory; nil without one, and once it was released.
    func previousUntil(_ deployment: ManagedDeployment) -> Timestamp? {
        guard deployment.previous != nil, !deployment.isReleased, let since = deployment.servingSince else {
            return nil
        }
        return since + max(deployment.spec.rollout.rollbackWindow, ServingLimits.previousStays)
    }

    func isPreviousOverdue(_ deployment: ManagedDeployment) -> Bool {
        guard let until = previousUntil(deployment), !deployment.isRollingOut else { return false }
        return clock.now >= until
    }

    /// Takes the version before out of memory when its time is over; one can still return to it, by loading it.
    func releasePrevious(_ deployment: ManagedDeployment) {
        guard isPreviousOverdue(deployment) else { return }
        deployment.isReleased = true
        let isShared = deployment.others.contains { $0 === deployment.previous }
        if !isShared { deployment.previous?.slot.unload() }
        deployment.install()
    }
}
