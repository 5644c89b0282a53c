import Core
import Rollouts

/// What an operator can ask of a rollout.
package enum RolloutCommand: String, Sendable, CaseIterable {
    /// Hold the weights.
    case pause
    /// Go on.
    case resume
    /// Give everything to the candidate now.
    case promote
    /// End the rollout; the candidate is rejected.
    case abort
    /// Return to the version before: end the rollout, or undo the last promotion.
    case rollback
}

extension DeploymentController {
    /// Does what an operator asks.
    ///
    /// - Throws: `notFound` for an unknown deployment; `failedPrecondition` when it does not fit the rollout's state.
    package func command(_ command: RolloutCommand, _ name: String, by who: String) async throws {
        let deployment = try find(name)
        try await deployment.gate.pass {
            let reason = RolloutReason("operator", "asked by \(who)")
            switch command {
            case .pause: try await operate(.pause, deployment)
            case .resume: try await operate(.resume, deployment)
            case .promote: try await operate(.promote, deployment)
            case .abort: try await operate(.abort(reason), deployment)
            case .rollback:
                if deployment.isRollingOut {
                    try await operate(.abort(reason), deployment)
                } else {
                    try await undoPromotion(deployment, reason)
                }
            }
        }
    }

    private func operate(_ event: RolloutStateMachine.Event, _ deployment: ManagedDeployment) async throws {
        let actions = handle(event, deployment)
        if case .refuse(let message) = actions.first { throw MartletError(.failedPrecondition, message) }
        await perform(actions, deployment)
    }

    /// Serves the previous version again, which is still loaded, and rejects the present one.
    private func undoPromotion(_ deployment: ManagedDeployment, _ reason: RolloutReason) async throws {
        guard let previous = deployment.previous, let present = deployment.stable else {
            throw MartletError(
                .failedPrecondition,
                "The deployment '\(deployment.spec.name)' has no earlier version to return to."
            )
        }
        let why = "\(reason.code): \(reason.message)"
        deployment.stable = previous
        deployment.previous = nil
        deployment.rejections[present.version] = why
        deployment.install(TrafficPlan(stable: previous.version))
        var change = DeploymentChange(deployment.spec.name)
        change.serving = DeploymentChange.Serving(stable: previous.version, previous: nil)
        change.rejected = [.init(version: present.version, reason: why)]
        change.events = [
            .init(
                rollout: nil,
                note: "returned from version \(present.version) to version \(previous.version), \(reason.message)",
                evidence: nil
            )
        ]
        await save(change, deployment)
        await hooks.stableChanged(deployment.spec.name, try await previous.load().loaded)
        try await moveAliasBack(from: present.version, deployment)
    }

    /// Allows a rejected version again; the next move of the alias to it starts a rollout.
    ///
    /// - Throws: `notFound` for an unknown deployment or a version that is not rejected.
    package func pardon(_ name: String, version: Int) async throws {
        let deployment = try find(name)
        try await deployment.gate.pass {
            guard deployment.rejections.removeValue(forKey: version) != nil else {
                throw MartletError(.notFound, "Version \(version) is not rejected by '\(name)'.")
            }
            deployment.message = nil
            var change = DeploymentChange(name)
            change.pardoned = [version]
            change.events = [.init(rollout: nil, note: "version \(version) is allowed again", evidence: nil)]
            await save(change, deployment)
        }
    }
}
