import Core
import Rollouts

/// A deployment as the controller manages it; confined to the controller.
final class ManagedDeployment {
    /// What the manifest asks for.
    var spec: DeploymentSpec
    /// What requests see.
    let live: LiveDeployment
    /// Lets one decision at a time be made.
    let gate = AsyncGate()
    /// The trusted version.
    var stable: ServedModel?
    /// The version on trial.
    var candidate: ServedModel?
    /// The version that served before, kept loaded.
    var previous: ServedModel?
    /// The present or last rollout.
    var rollout: (id: String, machine: RolloutStateMachine)?
    /// Collects the present rollout's evidence.
    var evidence: RolloutEvidence?
    /// When the evidence was stored last.
    var evidenceSavedAt = Timestamp(milliseconds: 0)
    /// Versions that must not be tried again.
    var rejections: [Int: String] = [:]
    /// What an operator should know: why nothing serves, or why a version was refused.
    var message: String?
    /// When a failed load may be tried again, and of which version.
    var retry: (version: Int, at: Timestamp)?
    /// Whether the repository's `unload` took it out of service, until it is loaded again.
    var isUnloaded = false
    /// Decisions that are in force but not yet stored.
    var unsaved: [DeploymentChange] = []

    init(spec: DeploymentSpec) {
        self.spec = spec
        live = LiveDeployment(name: spec.name, model: spec.model)
    }

    /// Whether a rollout is in progress.
    var isRollingOut: Bool { rollout?.machine.isActive ?? false }

    /// Makes requests follow `plan` with the loaded versions.
    func install(_ plan: TrafficPlan) {
        guard let stable, !isUnloaded else { return live.install(nil) }
        let takesPart = plan.candidate != nil && plan.candidate == candidate?.version
        let checks = rollout?.machine.spec.checks
        live.install(
            RoutingTable(
                plan: takesPart ? plan : TrafficPlan(stable: stable.version),
                stable: stable,
                candidate: takesPart ? candidate : nil,
                previous: previous,
                evidence: takesPart ? evidence : nil,
                scoresShadow: checks?.quality != nil || checks?.disagreement != nil
            )
        )
    }
}
