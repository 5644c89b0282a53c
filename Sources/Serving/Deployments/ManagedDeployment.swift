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
    /// The version that served before; loaded until it is released.
    var previous: ServedModel?
    /// Whether the version before was taken out of memory, as its time was over.
    var isReleased = false
    /// When the trusted version became it; nil before the first.
    var servingSince: Timestamp?
    /// Further versions that the traffic plan names.
    var others: [ServedModel] = []
    /// The versions of the aliases that the traffic plan names, as far as there are such aliases.
    var aliases: [String: Int] = [:]
    /// Versions of the traffic plan that could not be loaded: why, and when that may be tried again.
    var missing: [Int: (reason: String, retryAt: Timestamp)] = [:]
    /// How the rollout wants requests to be split.
    var plan: TrafficPlan?
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
    /// Alias moves that were decided and are to be done once the decision is stored.
    var moves: [AliasMove] = []

    init(spec: DeploymentSpec) {
        self.spec = spec
        live = LiveDeployment(name: spec.name, model: spec.model)
    }

    /// Whether a rollout is in progress, or a promoted version is watched.
    var isRollingOut: Bool { rollout?.machine.isActive ?? false }

    /// Whether a version is on trial.
    var isOnTrial: Bool { candidate != nil && isRollingOut }

    /// The versions that the traffic plan names beside the deployment's own.
    var sharing: Set<Int> { Set(aliases.values).union(spec.traffic.versions) }

    /// What the traffic plan waits for; nil when it is in force as written.
    var trafficMessage: String? {
        let unknown = spec.traffic.aliases.filter { aliases[$0] == nil }
        let lacking = unknown.map { "the alias '\($0)' of the model '\(spec.model)' does not exist" }
        let failed = missing.sorted { $0.key < $1.key }.map { "version \($0.key) cannot be loaded: \($0.value.reason)" }
        guard !lacking.isEmpty || !failed.isEmpty else { return nil }
        return "its traffic goes to the trusted version instead: " + (lacking + failed).joined(separator: "; ")
    }

    /// Makes requests follow `plan` with the loaded versions.
    func install(_ plan: TrafficPlan) {
        self.plan = plan
        install()
    }

    /// Makes requests follow the present plan with what is loaded now.
    func install() {
        guard let stable, !isUnloaded else { return live.install(nil) }
        let wanted = plan ?? TrafficPlan(stable: stable.version)
        let kept = isReleased ? nil : previous
        let own = [stable, candidate, kept].compactMap(\.self)
        func find(_ version: Int?) -> ServedModel? {
            version.flatMap { number in own.first { $0.version == number } }
        }
        let trial = find(wanted.candidate)
        let isWhole = find(wanted.stable) != nil && (wanted.candidate == nil || trial != nil)
        let plan = isWhole ? wanted : TrafficPlan(stable: stable.version)
        live.install(
            RoutingTable(
                plan: plan.over(base(plan)),
                stable: stable,
                candidate: isWhole ? trial : nil,
                previous: kept,
                others: others,
                evidence: isWhole && trial != nil ? evidence : nil,
                ledger: spec.ledger
            )
        )
    }

    /// The manifest's traffic with versions for names; what an unknown alias would get goes to the trusted version.
    private func base(_ plan: TrafficPlan) -> TrafficBase {
        let resolved = try? spec.traffic.resolved(stable: plan.stable, candidate: plan.candidate) { alias in
            aliases[alias] ?? plan.stable
        }
        return resolved ?? TrafficBase()
    }
}
