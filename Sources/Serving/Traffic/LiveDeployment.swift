package import Core
package import Rollouts
import Synchronization

/// A deployment as requests see it: its name and, replaced as a whole, where requests go.
package final class LiveDeployment: Sendable {
    /// The deployment's name.
    package let name: String
    /// The registered model it serves.
    package let model: String
    private let table = Mutex<RoutingTable?>(nil)

    /// Makes a deployment that serves nothing yet.
    package init(name: String, model: String) {
        self.name = name
        self.model = model
    }

    /// Where requests go now; nil until the first version is loaded.
    package var routing: RoutingTable? { table.withLock { $0 } }

    /// Where requests go now.
    ///
    /// - Throws: `unavailable` until the first version is loaded.
    package func ready() throws(MartletError) -> RoutingTable {
        guard let routing = table.withLock({ $0 }) else {
            throw MartletError(.unavailable, "The deployment '\(name)' is not ready: no version is loaded.")
        }
        return routing
    }

    /// Routes by `routing` from now on; requests under way finish where they are.
    package func install(_ routing: RoutingTable?) {
        table.withLock { $0 = routing }
    }
}

/// An immutable answer to "which model gets this request", swapped by `LiveDeployment`.
package final class RoutingTable: Sendable {
    /// The split.
    package let plan: TrafficPlan
    /// The trusted version.
    package let stable: ServedModel
    /// The version on trial; nil outside a rollout.
    package let candidate: ServedModel?
    /// The version that served before, kept loaded so that returning to it takes no time.
    package let previous: ServedModel?
    /// Where the rollout's evidence goes; nil outside a rollout.
    package let evidence: RolloutEvidence?
    /// Whether labels and disagreement need both versions' answers.
    package let scoresShadow: Bool

    /// Makes a table; `plan.candidate` without a loaded candidate routes everything to the stable version.
    package init(
        plan: TrafficPlan,
        stable: ServedModel,
        candidate: ServedModel? = nil,
        previous: ServedModel? = nil,
        evidence: RolloutEvidence? = nil,
        scoresShadow: Bool = false
    ) {
        self.plan = plan
        self.stable = stable
        self.candidate = candidate
        self.previous = previous
        self.evidence = evidence
        self.scoresShadow = scoresShadow
    }

    /// Every version that is loaded, each once.
    package var versions: [ServedModel] {
        [stable, candidate, previous].compactMap(\.self).reduce(into: []) { kept, model in
            if !kept.contains(where: { $0.version == model.version }) { kept.append(model) }
        }
    }

    /// The version a client asked for by number; nil when it is not loaded.
    package func model(version: Int) -> ServedModel? {
        versions.first { $0.version == version }
    }
}
