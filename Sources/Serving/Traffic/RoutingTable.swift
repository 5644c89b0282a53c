package import Ledger
package import Rollouts

/// An immutable answer to "which model gets this request", swapped by `LiveDeployment`.
package final class RoutingTable: Sendable {
    /// The split.
    package let plan: TrafficPlan
    /// The trusted version, which requests are read for; while a promotion is watched, already the promoted one.
    package let stable: ServedModel
    /// The version on trial; nil outside a rollout.
    package let candidate: ServedModel?
    /// The version that served before, kept loaded so that returning to it takes no time.
    package let previous: ServedModel?
    /// Every version that is in service, each once: the trusted one, the one on trial, the one before, then those that
    /// the traffic plan names.
    package let versions: [ServedModel]
    /// Where the rollout's evidence goes; nil outside a rollout.
    package let evidence: RolloutEvidence?
    /// Whether labels and disagreement need both versions' answers.
    package let scoresShadow: Bool
    /// What the ledger keeps.
    package let ledger: LedgerSpec
    /// Whether the trusted version answers everything that names no version.
    package let isPlain: Bool
    /// Whether headers of requests have a say.
    package let readsHeaders: Bool

    /// Makes a table; what `plan` gives to a version that is not loaded goes to the stable one.
    ///
    /// - Parameters:
    ///   - plan: The split.
    ///   - stable: The trusted version.
    ///   - candidate: The version on trial.
    ///   - previous: The version that served before.
    ///   - others: Further versions that the plan names.
    ///   - evidence: Where the rollout's evidence goes.
    ///   - scoresShadow: Whether labels and disagreement need both versions' answers.
    ///   - ledger: What the ledger keeps.
    package init(
        plan: TrafficPlan,
        stable: ServedModel,
        candidate: ServedModel? = nil,
        previous: ServedModel? = nil,
        others: [ServedModel] = [],
        evidence: RolloutEvidence? = nil,
        scoresShadow: Bool = false,
        ledger: LedgerSpec = .standard
    ) {
        self.plan = plan
        self.stable = stable
        self.candidate = candidate
        self.previous = previous
        self.evidence = evidence
        self.scoresShadow = scoresShadow
        self.ledger = ledger
        versions = ([stable, candidate, previous].compactMap(\.self) + others).reduce(into: []) { kept, model in
            if !kept.contains(where: { $0.version == model.version }) { kept.append(model) }
        }
        let isShared = plan.base.arms.contains { $0.percent > 0 && $0.target != stable.version }
        let splits = isShared || !plan.base.routes.isEmpty || !plan.base.shadows.isEmpty
        isPlain = candidate == nil && plan.stable == stable.version && !splits
        var asksHeaders = !plan.base.routes.isEmpty || ledger.entityHeader != nil
        if case .header = plan.base.sticky, !isPlain { asksHeaders = true }
        readsHeaders = asksHeaders
    }

    /// The version a client asked for by number; nil when it is not loaded.
    package func model(version: Int) -> ServedModel? {
        versions.first { $0.version == version }
    }
}
