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
    /// Say yes to a step that asks for a person's word.
    case confirm
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
            case .pause: try await operate(.pause, deployment, by: who)
            case .resume: try await operate(.resume, deployment, by: who)
            case .promote: try await operate(.promote, deployment, by: who)
            case .confirm: try await operate(.confirm(by: who), deployment, by: who)
            case .abort: try await operate(.abort(reason), deployment, by: who)
            case .rollback:
                if deployment.isOnTrial {
                    try await operate(.abort(reason), deployment, by: who)
                } else {
                    try await returnToPrevious(deployment, reason, by: who)
                }
            }
        }
    }

    private func operate(
        _ event: RolloutStateMachine.Event,
        _ deployment: ManagedDeployment,
        by who: String
    ) async throws {
        let decision = decide(event, deployment, by: who)
        if case .refuse(let message) = decision.actions.first { throw MartletError(.failedPrecondition, message) }
        await perform(decision, deployment)
    }

    /// Allows a rejected version again; the next move of the alias to it starts a rollout.
    ///
    /// - Throws: `notFound` for an unknown deployment or a version that is not rejected.
    package func pardon(_ name: String, version: Int, by who: String? = nil) async throws {
        let deployment = try find(name)
        try await deployment.gate.pass {
            guard deployment.rejections.removeValue(forKey: version) != nil else {
                throw MartletError(.notFound, "Version \(version) is not rejected by '\(name)'.")
            }
            deployment.message = nil
            var change = DeploymentChange(name)
            change.pardoned = [version]
            change.events = [
                .init(
                    rollout: nil,
                    note: "version \(version) is allowed again",
                    evidence: nil,
                    kind: .pardoned,
                    by: who
                )
            ]
            await save(change, deployment)
        }
    }
}
